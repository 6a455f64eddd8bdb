// Values of parsed options, checked.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "cli/options/options.hpp"
#include "odot/core/number.hpp"

namespace odot::cli {
namespace {

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> words;
  std::stringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

}  // namespace

std::string Options::text(const std::string& name, const std::string& standard) const {
  return given(name) ? text(name) : standard;
}

std::string Options::choice(const std::string& name, const std::string& standard) const {
  if (!given(name)) return standard;
  const std::vector<std::string>& words = find(name)->names();
  if (std::ranges::find(words, text(name)) != words.end()) return text(name);
  throw UsageError(fmt::format("--{} is '{}', but must be {} or {}", name, text(name),
                               fmt::join(words.begin(), words.end() - 1, ", "), words.back()));
}

std::vector<std::string> Options::texts(const std::string& name) const {
  if (!given(name)) return {};
  if (find(name)->repeatable) return values_.at(name).as<std::vector<std::string>>();
  return {text(name)};
}

std::vector<std::string> Options::inputs(const std::vector<std::string>& outputs) const {
  std::vector<std::string> paths = positional_;
  for (const OptionGroup& group : help_.groups) {
    for (const OptionHelp& option : group.options) {
      if (!option.is_path() || std::ranges::count(outputs, option.name) > 0) continue;
      const std::vector<std::string> more = texts(option.name);
      paths.insert(paths.end(), more.begin(), more.end());
    }
  }
  return paths;
}

double Options::number(const std::string& name, double standard, double low, double high) const {
  if (!given(name)) return standard;
  const std::optional<double> value = to_number<double>(text(name));
  if (value && *value >= low && *value <= high) return *value;
  const std::string range = std::isinf(high) ? (std::isinf(low) ? "" : fmt::format(" of at least {}", low))
                                             : fmt::format(" from {} to {}", low, high);
  throw UsageError(fmt::format("--{} is '{}', but must be a number{}", name, text(name), range));
}

long long Options::integer(const std::string& name, long long standard, long long low, long long high) const {
  if (!given(name)) return standard;
  const std::optional<long long> value = to_number<long long>(text(name));
  if (value && *value >= low && *value <= high) return *value;
  throw UsageError(fmt::format("--{} is '{}', but must be a whole number from {} to {}", name, text(name), low, high));
}

std::vector<long long> Options::integers(const std::string& name, long long low, long long high) const {
  std::vector<long long> values;
  for (const std::string& word : split_at_commas(text(name))) {
    const std::optional<long long> value = to_number<long long>(word);
    if (!value || *value < low || *value > high) break;
    values.push_back(*value);
  }
  if (!values.empty() && std::ranges::count(text(name), ',') + 1 == std::ssize(values)) return values;
  throw UsageError(fmt::format("--{} is '{}', but must be a whole number from {} to {}, or several with commas between",
                               name, text(name), low, high));
}

double Options::fraction(const std::string& name, double standard) const {
  if (!given(name)) return standard;
  const std::optional<double> value = to_number<double>(text(name));
  if (value && *value > 0 && *value < 1) return *value;
  throw UsageError(fmt::format("--{} is '{}', but must be a number above 0 and below 1", name, text(name)));
}

std::uint64_t Options::seed(std::uint64_t standard) const {
  return static_cast<std::uint64_t>(
      integer("seed", static_cast<long long>(standard), 0, std::numeric_limits<long long>::max()));
}

bool Options::flag_given(const std::string& name) const { return values_.count(name) > 0; }

bool Options::on_off(const std::string& name, bool standard) const {
  return flag_given(name) || (standard && !flag_given("no-" + name));
}

ReadSettings Options::read_settings() const {
  ReadSettings settings;
  settings.pairs_only = pairs_;
  if (given("separator")) settings.separator = text("separator");
  if (given("columns")) {
    std::vector<std::string> names = split_at_commas(text("columns"));
    if (pairs_ && names.size() == 2) names.emplace_back();
    if (names.size() != 3) {
      throw UsageError(fmt::format(
          "--columns is '{}', but must name {}", text("columns"),
          pairs_ ? "two columns, e.g. 2,1 or user,movie" : "three columns, e.g. 2,1,4 or user,movie,stars"));
    }
    settings.columns = {names[0], names[1], names[2]};
  }
  if (flag_given("header") || flag_given("no-header")) settings.header = on_off("header", true);
  const std::string which = choice("duplicates", "");
  if (which == "first") settings.duplicates = Duplicates::first;
  if (which == "last") settings.duplicates = Duplicates::last;
  if (which == "mean") settings.duplicates = Duplicates::mean;
  check(settings);
  return settings;
}

}  // namespace odot::cli
