#include "train/optimizer_choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "odot/core/error.hpp"

namespace odot {
namespace {

bool has(const Method& method, std::string_view parameter) {
  return std::any_of(method.parameters.begin(), method.parameters.end(),
                     [&](const auto& own) { return own.first == parameter; });
}

}  // namespace

OptimizerChoice choose_optimizer(const std::string& optimizer_name, const std::optional<std::string>& line_search_name,
                                 const ParameterValues& parameters) {
  const Method& optimizer = find_optimizer(optimizer_name);
  const Method& line_search = find_line_search(line_search_name.value_or(std::string(optimizer.default_partner)));
  OptimizerChoice choice{optimizer, line_search, {}, {}};
  for (const auto& [name, value] : parameters) {
    find_parameter(name);
    if (has(optimizer, name)) {
      choice.of_optimizer[name] = value;
    } else if (has(line_search, name)) {
      choice.of_line_search[name] = value;
    } else {
      std::vector<std::string_view> users;
      for (const auto* all : {&optimizers(), &line_searches()}) {
        for (const Method& method : *all) {
          if (has(method, name)) users.push_back(method.name);
        }
      }
      throw Error(fmt::format("{} is used neither by the optimizer {} nor by the line search {}, but by {}", name,
                              optimizer.name, line_search.name, fmt::join(users, ", ")));
    }
  }
  return choice;
}

void OptimizerChoice::describe(std::map<std::string, std::string>& out) const {
  out["optimizer"] = optimizer.name;
  out["line-search"] = line_search.name;
  const auto add = [&](const Method& method, const ParameterValues& values) {
    for (const auto& [name, standard] : method.parameters) {
      const auto given = values.find(name);
      out[std::string(name)] = fmt::format("{}", given == values.end() ? standard : given->second);
    }
  };
  add(optimizer, of_optimizer);
  add(line_search, of_line_search);
}

}  // namespace odot
