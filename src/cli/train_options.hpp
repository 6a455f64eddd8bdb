// The options of odot train.
#pragma once

#include "cli/options.hpp"
#include "odot/train/train.hpp"

namespace odot::cli {

/// All options with their help, whose names, ranges and defaults come from the library.
Options declare_train_options();

/// What parsed options say about training; throws UsageError for values that cannot be used.
TrainSettings train_settings(const Options& options);

}  // namespace odot::cli
