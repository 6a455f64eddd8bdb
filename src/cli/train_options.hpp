// The options of odot train.
#pragma once

#include <string>
#include <variant>

#include "cli/options.hpp"
#include "odot/train/train_mlp.hpp"

namespace odot::cli {

/// Time between two checkpoints, unless told otherwise.
inline constexpr int kCheckpointSeconds = 60;

/// All options with their help, whose names, ranges and defaults come from the library.
Options declare_train_options();

/// Those of the model and how it is found, which cv and tune share.
void declare_method_options(Options& options);

/// The settings of any --method.
using MethodSettings = std::variant<TrainSettings, MlpSettings>;

/// What parsed options say about training; throws UsageError for values that cannot be used, and for options that the
/// method does not use.
MethodSettings method_settings(const Options& options);

/// Likewise what they say about checkpoints.
CheckpointSettings checkpoint_settings(const Options& options);

}  // namespace odot::cli
