// Each parameter goes to whichever of optimizer and line search have it.
#include "train/optimizer_choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {

OptimizerChoice choose_optimizer(const TrainSettings& settings) {
  OptimizerChoice choice{find_optimizer(*settings.optimizer), find_line_search(*settings.line_search), {}, {}};
  for (const auto& [name, value] : settings.parameters) {
    if (!is_parameter(name)) continue;  // a method's own
    if (choice.optimizer.has(name)) choice.of_optimizer[name] = value;
    if (choice.line_search.has(name)) choice.of_line_search[name] = value;
    if (choice.optimizer.has(name) || choice.line_search.has(name)) continue;
    std::vector<std::string_view> users;
    for (const auto* all : {&optimizers(), &line_searches()}) {
      for (const Algorithm& algorithm : *all) {
        if (algorithm.has(name)) users.push_back(algorithm.name);
      }
    }
    throw Error::of_setting(name,
                            fmt::format("is used neither by the optimizer {} nor by the line search {}, but by {}",
                                        choice.optimizer.name, choice.line_search.name, fmt::join(users, ", ")));
  }
  return choice;
}

}  // namespace odot::inline ODOT_PRECISION
