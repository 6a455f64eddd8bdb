#include "cli/tune_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "cli/train_options.hpp"
#include "odot/core/error.hpp"
#include "odot/optim/registry.hpp"

namespace odot::cli {
namespace {

constexpr std::array<std::string_view, 7> kIntegers{"rank",       "iterations", "inner-iterations", "block-rows",
                                                    "block-cols", "early-stop", "batch-size"};
// Not to be searched: a seed is no hyper-parameter, what the clock ends does not come again, and files may have any
// name.
constexpr std::array<std::string_view, 6> kPlain{"seed",  "time-limit",    "users",
                                                 "items", "user-features", "item-features"};
constexpr std::size_t kMostChecks = 2000;

bool has(const auto& names, std::string_view name) { return std::ranges::count(names, name) > 0; }

bool is_integer(const std::string& name) {
  return has(kIntegers, name) ||
         std::ranges::any_of(parameters(), [&](const Parameter& p) { return p.name == name && p.integer; });
}

bool is_on_off(const std::string& word) { return word == "on" || word == "off"; }

// Sizes of layers have commas between, so choices of them have another sign.
constexpr std::string_view kLayers = "layers";
constexpr char kBetweenLayers = '/';

bool is_space_of(const std::string& name, const std::string& text) {
  return name == kLayers ? text.find(kBetweenLayers) != std::string::npos : is_space(text);
}

// "--rank=8" and "-k8" as two words each.
Arguments separate(const Arguments& arguments) {
  Arguments words;
  for (const std::string& word : arguments) {
    const std::size_t equals = word.find('=');
    if (word.rfind("-k", 0) == 0 || word.rfind("-t", 0) == 0) {
      words.push_back(word[1] == 'k' ? "--rank" : "--iterations");
      if (word.size() > 2) words.push_back(word.substr(2));
    } else if (word.rfind("--", 0) == 0 && equals != std::string::npos) {
      words.push_back(word.substr(0, equals));
      words.push_back(word.substr(equals + 1));
    } else {
      words.push_back(word);
    }
  }
  return words;
}

Dimension read_dimension(const std::string& name, const std::string& text, bool toggle) {
  try {
    Dimension dimension =
        name == kLayers ? parse_choices(name, text, kBetweenLayers) : parse_dimension(name, text, is_integer(name));
    if (toggle && !std::ranges::all_of(dimension.choices, is_on_off)) throw Error("expected on,off");
    return dimension;
  } catch (const Error& error) {
    throw UsageError(fmt::format("--{} is '{}': {}", name, text, error.what()));
  }
}

}  // namespace

Options declare_tune() {
  Options options(
      "odot tune RATINGS... --OPTION SPACE... [options]",
      "Searches for the options of odot train with the lowest error on held-out ratings. An option below that\n"
      "has a range or a list in place of a value is searched, e.g.\n"
      "  odot tune ratings.csv --rank 8..128:log2 --lambda 0.1..50:log --biases on,off\n"
      "LOW..HIGH is uniform, LOW..HIGH:log uniform in the logarithm, LOW..HIGH:log2 the powers of two, and\n"
      "A,B,C are choices (of --layers, 64,64/128/none).");
  options.arguments("RATINGS...", 1, -1);
  options.group("Search");
  options.value("trials", "N", "points to try (default 100; with --duration no limit)");
  options.value("duration", "TIME", "end the search after this time: seconds, or 90s, 5m, 1h");
  options.value("sampler", "NAME", "sobol or random points (default sobol)", {"sobol", "random"});
  options.flag("no-halving",
               "train every point with all iterations; else with a ninth of them, the best third of the points with a "
               "third and the best third of these with all (ASHA)");
  options.value("metric", "NAME", "rmse or mae (default rmse)", {"rmse", "mae"});
  options.group("Data and results");
  options.value("holdout", "FRACTION", "hold this share of the ratings out and measure on it (default 0.1)");
  options.value("valid", "FILE", "measure on these ratings instead");
  options.value("config", "FILE", "read options from here, a line NAME = VALUE for each; the command line wins");
  options.value("folds", "K", "measure by cross-validation with K folds instead");
  options.value("output,o", "MODEL", "train a model with the best options on all RATINGS and write it here");
  options.value("log", "FILE", "write a JSON line for every training");
  options.flag("resume", "go on with the search in --log FILE: what is in it is not trained again");
  options.flag("json", "print the report as one JSON object");
  options.reading_group();
  declare_method_options(options);
  options.common_group();
  // What the command that is printed does not know, or should not do.
  options.not_in_config(
      {"trials", "duration", "sampler", "no-halving", "metric", "folds", "output", "log", "resume", "json"});
  return options;
}

TuneSpace take_space(const Arguments& arguments) {
  Options train("", "");
  train.reading_group();
  declare_method_options(train);
  Options searchable("", "");
  declare_method_options(searchable);
  const auto is_toggle = [](const Options& options, const std::string& name) {
    const OptionHelp* option = options.find(name);
    return option && option->toggle;
  };
  const auto is_flag = [&](const std::string& name) {
    return is_toggle(train, name.rfind("no-", 0) == 0 ? name.substr(3) : name);
  };

  TuneSpace space;
  const Arguments words = separate(arguments);
  for (std::size_t k = 0; k < words.size(); ++k) {
    const std::string name = words[k].rfind("--", 0) == 0 ? words[k].substr(2) : "";
    const std::string value = k + 1 < words.size() ? words[k + 1] : "";
    const bool toggle = is_toggle(searchable, name);
    const bool valued = toggle ? is_on_off(value.substr(0, value.find(','))) : !is_flag(name);
    if (name == "config" && k + 1 < words.size()) {
      // What is in it is fixed, too, and the best command reads it again.
      if (std::filesystem::exists(value) && !std::filesystem::is_regular_file(value)) {
        throw UsageError(
            fmt::format("--config {} must be a regular file: the command that is printed names it", value));
      }
      space.config = read_config(value);
      for (Arguments* to : {&space.rest, &space.fixed}) to->insert(to->end(), {words[k], value});
      ++k;
    } else if (name.empty() || !train.known(name)) {
      space.rest.push_back(words[k]);
    } else if (valued && is_space_of(name, value) && searchable.known(name) && !has(kPlain, name)) {
      if (std::ranges::any_of(space.dimensions, [&](const Dimension& other) { return other.name == name; })) {
        throw UsageError(fmt::format("--{} is given more than once", name));
      }
      space.dimensions.push_back(read_dimension(name, value, toggle));
      if (toggle) space.toggles.push_back(name);
      space.spaces.insert(space.spaces.end(), {words[k], value});
      ++k;
    } else {
      Arguments plain{words[k]};
      if (toggle && valued) {
        plain = {value == "on" ? words[k] : "--no-" + name};
        ++k;
      } else if (valued && k + 1 < words.size()) {
        plain.push_back(words[++k]);
      }
      space.rest.insert(space.rest.end(), plain.begin(), plain.end());
      if (name != "iterations" && name != "seed") space.fixed.insert(space.fixed.end(), plain.begin(), plain.end());
    }
  }
  return space;
}

Arguments point_words(const TuneSpace& space, const std::vector<std::string>& values) {
  Arguments words;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::string& name = space.dimensions[k].name;
    if (has(space.toggles, name)) {
      words.push_back(values[k] == "on" ? "--" + name : "--no-" + name);
    } else {
      words.insert(words.end(), {"--" + name, values[k]});
    }
  }
  return words;
}

MethodSettings point_settings(const TuneSpace& space, const std::vector<std::string>& values) {
  Options options = declare_tune();
  Arguments words = space.rest;
  const Arguments point = point_words(space, values);
  words.insert(words.end(), point.begin(), point.end());
  options.parse(words, space.config);
  return method_settings(options);
}

void check_space(const TuneSpace& space) {
  std::vector<std::vector<std::string>> samples;
  for (const Dimension& dimension : space.dimensions) samples.push_back(dimension.samples());
  for (std::size_t k = 0; k < samples.size(); ++k) {
    for (const std::string& value : samples[k]) {
      // All values of the others, like the digits of a number, until one goes with it.
      std::string complaint;
      std::vector<std::size_t> digits(samples.size(), 0);
      bool more = true;
      bool good = false;
      std::size_t checks = 0;
      for (; more && !good && checks < kMostChecks; ++checks) {
        std::vector<std::string> values;
        for (std::size_t d = 0; d < samples.size(); ++d) values.push_back(d == k ? value : samples[d][digits[d]]);
        try {
          point_settings(space, values);
          good = true;
        } catch (const UsageError& error) {
          if (complaint.empty()) complaint = error.what();
        }
        more = false;
        for (std::size_t d = 0; d < samples.size() && !more; ++d) {
          if (d == k) continue;
          more = ++digits[d] < samples[d].size();
          if (!more) digits[d] = 0;
        }
      }
      if (!good && checks < kMostChecks) throw UsageError(complaint);
    }
  }
}

std::string shell_text(const Arguments& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             std::string_view("_-./:,=+@%").find(c) != std::string_view::npos;
    });
    if (plain) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  }
  return text;
}

}  // namespace odot::cli
