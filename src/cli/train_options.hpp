// The options of odot train.
#pragma once

#include <string>
#include <variant>

#include "cli/options.hpp"
#include "odot/train/train_mlp.hpp"

namespace odot::cli {

/// Time between two checkpoints, unless told otherwise.
inline constexpr int kCheckpointSeconds = 60;

/// The options of the model and of how it is found, which cv and tune share, with names, ranges and defaults from the
/// library.
void declare_method_options(Options& options);

/// The settings of any --method.
using MethodSettings = std::variant<TrainSettings, MlpSettings>;

/// What all of them have: most iterations (epochs), the seed, and when training will end.
int& iterations(MethodSettings& settings);
std::uint64_t seed(const MethodSettings& settings);
StopSettings limits(const TrainSettings& settings);
StopSettings limits(const MlpSettings& settings);

/// What parsed options say about training; throws UsageError for values that cannot be used, and for options that the
/// method does not use.
MethodSettings method_settings(const Options& options);

/// The options in effect, defaults included, as the text of a --config file. `settings` are what
/// they say. Throws UsageError for a value that such a file cannot hold.
std::string config_text(const Options& options, const MethodSettings& settings);

/// Likewise what they say about checkpoints.
CheckpointSettings checkpoint_settings(const Options& options);

}  // namespace odot::cli
