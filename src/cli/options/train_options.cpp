// What the table of training options becomes in a subcommand: declarations and their help.
#include "cli/options/train_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/load.hpp"
#include "odot/train/options.hpp"

namespace odot::cli {
namespace {

// Where the range of a number is not told by its default and its help.
bool tells_range(const TrainOption& option) {
  if (option.kind != OptionKind::integer && option.kind != OptionKind::number) return false;
  const Range& range = option.range;
  return range.low_open || range.high_open || range.high < 1e6 || is_parameter(option.name);
}

void declare(Options& options, const TrainOption& option) {
  std::string help = option.help;
  if (tells_range(option)) help += "; " + option.range_text();
  const std::string standard = default_text(option);
  const bool has_brackets = standard.find('(') != std::string::npos;
  if (!standard.empty()) help += fmt::format(fmt::runtime(has_brackets ? "\n{}" : " ({})"), standard);
  if (option.kind == OptionKind::toggle) {
    options.toggle(option.name, help);
    return;
  }
  const std::string letter = option.letter ? fmt::format(",{}", option.letter) : "";
  options.value(option.name + letter, {.placeholder = option.placeholder,
                                       .help = help,
                                       .standard = standard.substr(standard.find_first_of(' ') + 1),
                                       .words = option.words ? option.words() : std::vector<Word>{}});
}

// Of the group of options that init-model is in.
void declare_run_options(Options& options) {
  std::vector<std::string> limits;
  for (const TrainOption& option : train_options()) {
    if (!option.limits) continue;
    limits.push_back("--" + option.name + (option.by_clock ? ", which counts all parts of the run," : ""));
  }
  options.value("checkpoint", "FILE",
                "save all that is needed to go on here, at the start, every so often and at the end");
  options.value(
      "checkpoint-every", "N|TIME",
      fmt::format("how often: after N iterations (sweeps, epochs), or after a time such as 30s or 5m (default {}s)",
                  kCheckpointSeconds));
  options.value(
      "resume", "FILE",
      fmt::format(
          "go on from this checkpoint, to the same bits as without the interruption. Ratings and all options that "
          "decide the result must be the same; {} may differ",
          fmt::join(limits, " and ")));
}

}  // namespace

Options declare_train() {
  Options options("odot train RATINGS... [-o MODEL] [options]",
                  "Fits X ≈ mean + biases + UV to the ratings by minimising\n"
                  "  ‖W ∘ (X − UV)‖² + λ‖U‖² + λ‖V‖²\n"
                  "over the observed entries. RATINGS are files of user, item and rating, or - for standard input.");
  options.arguments("RATINGS...", 1, -1);
  options.group("Data and results");
  options.value("output,o", "MODEL", "write the model here (safetensors)");
  options.value("valid", "FILE", "ratings to measure on during and after training");
  options.value("holdout", "FRACTION", "hold this share of the ratings out and measure on it");
  memory_option(options, "for the ratings of an .odr file, the rest of which is read anew in every pass");
  options.value("trace", "FILE", "write a JSON line an iteration");
  options.flag("json", "print the report as one JSON object");
  options.value("config", "FILE",
                "read options from here, a line NAME = VALUE for each, e.g. rank = 8; the command line wins");
  options.flag("dump-config",
               "print the options in effect, defaults included, as such a file, and do not train; RATINGS can be left "
               "out");
  options.flag("keep-diverged", "if the run diverges, keep the last finite iterate all the same");
  options.reading_group();
  declare_method_options(options, true);
  declare_run_options(options);
  options.common_group();
  return options;
}

void declare_method_options(Options& options, bool single_run) {
  // Groups in the order in which they are met, but for the long list of parameters, and what only single runs have.
  const auto place = [](const TrainOption& option) {
    return option.single_run ? 2 : is_parameter(option.name) ? 1 : 0;
  };
  std::vector<std::string> titles;
  for (int at = 0; at <= (single_run ? 2 : 1); ++at) {
    for (const TrainOption& option : train_options()) {
      if (place(option) == at && std::ranges::count(titles, option.group) == 0) titles.push_back(option.group);
    }
  }
  for (const std::string& title : titles) {
    options.group(title);
    for (const TrainOption& option : train_options()) {
      if (option.group == title && (single_run || !option.single_run)) declare(options, option);
    }
  }
}

}  // namespace odot::cli
