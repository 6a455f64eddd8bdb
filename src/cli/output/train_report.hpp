// What odot train reports, for any method.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "odot/train/train.hpp"

namespace odot::cli {

bool has_diverged(const TrainReport& report);
bool was_interrupted(const TrainReport& report);

Json to_json(const TrainReport& report, double load_seconds);

/// `lowest` is the lowest training rating.
std::string to_text(const TrainReport& report, double lowest);

}  // namespace odot::cli
