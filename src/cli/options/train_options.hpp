// The options of odot train.
#pragma once

#include <string>

#include "cli/options/options.hpp"
#include "odot/train/train.hpp"

namespace odot::cli {

/// Time between two checkpoints, unless told otherwise.
inline constexpr int kCheckpointSeconds = 60;

/// The options of the model and of how it is found, which cv and tune share, from the library's table. With
/// `single_run` those too that only a run of its own has.
void declare_method_options(Options& options, bool single_run = false);

/// What parsed options say about training, one by one. Throws Error for a value that an option cannot have.
TrainSettings given_settings(const Options& options);

/// Whether the options are all that these settings need, and no more. Throws Error.
void check_settings(const Options& options, const TrainSettings& settings);

/// What parsed options say about training, checked; throws Error for values that cannot be used, and for options that
/// the method does not use.
TrainSettings method_settings(const Options& options);

/// The options in effect, defaults included, as the text of a --config file. `settings` are what
/// they say. Throws UsageError for a value that such a file cannot hold.
std::string config_text(const Options& options, const TrainSettings& settings);

/// Likewise what they say about checkpoints.
CheckpointSettings checkpoint_settings(const Options& options);

/// What a setting was recorded as: true or false of a toggle, a number where it is one and no option that takes
/// something else, else its text.
Json setting_json(const std::string& name, const std::string& text);

}  // namespace odot::cli
