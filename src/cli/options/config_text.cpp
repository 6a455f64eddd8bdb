// odot train --dump-config
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/options/train_options.hpp"
#include "odot/train/methods.hpp"

namespace odot::cli {
namespace {

// Options that say how this file comes to be, not what a run does.
bool is_of_config(const std::string& name) { return name == "config" || name == "dump-config" || name == "help"; }

// The value that was given, or else the default in effect, where it is one of `recorded`; nothing where there is
// neither.
std::optional<std::string> value_of(const OptionHelp& option, const Options& options, const TrainSettings& effective,
                                    const SettingTexts& recorded) {
  if (option.has_value() && options.given(option.name)) return options.text(option.name);
  if (!option.has_value() && options.flag_given(option.name)) return "yes";
  if (option.toggle && options.flag_given("no-" + option.name)) return "no";
  const TrainOption* row = find_train_option(option.name);
  if (!row || !row->get || recorded.count(option.name) == 0) return std::nullopt;
  // Where there is nothing to measure on, early stopping has a default but cannot be asked for.
  if (row->needs_held_out && !options.given("valid") && !options.given("holdout")) return std::nullopt;
  if (option.toggle) return recorded.at(option.name) == "true" ? "yes" : "no";
  return user_text(*row, *row->get(effective));
}

// Such a file has comments, and loses blanks at the edges of values.
void check_value(const OptionHelp& option, const std::string& value) {
  if (value.find_first_of("#\n") == std::string::npos && !value.empty() && value.front() != ' ' &&
      value.back() != ' ' && value.front() != '\t' && value.back() != '\t') {
    return;
  }
  throw UsageError(
      fmt::format("--{} is '{}', which a --config file cannot hold: no #, no line end, no blanks at the "
                  "edges",
                  option.name, value));
}

}  // namespace

std::string config_text(const Options& options, const TrainSettings& settings) {
  const TrainSettings effective = in_effect(settings);
  const SettingTexts recorded = recorded_settings(settings);
  const bool has_default_lambda = static_cast<bool>(method_of(settings).default_regularisation);
  std::string text = "# Options of odot train, for --config\n";
  for (const OptionGroup& group : options.help().groups) {
    std::string lines;
    for (const OptionHelp& option : group.options) {
      if (is_of_config(option.name)) continue;
      const std::optional<std::string> value = value_of(option, options, effective, recorded);
      if (value) {
        check_value(option, *value);
        lines += fmt::format("{} = {}\n", option.name, *value);
      } else if (option.name == "lambda" && has_default_lambda) {
        lines += "# lambda: from the standard deviation of the ratings\n";
      }
    }
    if (!lines.empty()) text += fmt::format("\n# {}\n{}", group.title.substr(0, group.title.find(" (")), lines);
  }
  return text;
}

}  // namespace odot::cli
