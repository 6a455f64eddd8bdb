// The words of odot tune: which of them are spaces, which are options of every trial.
#include "cli/options/tune_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "cli/options/train_options.hpp"
#include "core/terminal.hpp"
#include "odot/core/error.hpp"
#include "odot/train/options.hpp"

namespace odot::cli {
namespace {

bool is_on_off(const std::string& word) { return word == "on" || word == "off"; }

// Sizes have commas between, so choices of them have another sign.
constexpr char kBetweenSizes = '/';

bool is_space_of(const TrainOption& option, const std::string& text) {
  if (option.kind == OptionKind::input) return false;  // files may have any name
  return option.kind == OptionKind::sizes ? text.find(kBetweenSizes) != std::string::npos : is_space(text);
}

// "--rank=8" and "-k8" as two words each.
Arguments separate(const Arguments& arguments) {
  Arguments words;
  for (const std::string& word : arguments) {
    const std::size_t equals = word.find('=');
    const auto has_letter = [&](const TrainOption& option) {
      return option.letter != 0 && word.size() > 1 && word[0] == '-' && word[1] == option.letter;
    };
    const auto option = std::ranges::find_if(train_options(), has_letter);
    if (option != train_options().end()) {
      words.push_back("--" + option->name);
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

Dimension read_dimension(const TrainOption& option, const std::string& text) {
  if (!option.searched) {
    throw UsageError(fmt::format("--{0} is '{1}', but cannot be searched: give it one value", option.name, text));
  }
  try {
    Dimension dimension = option.kind == OptionKind::sizes
                              ? parse_choices(option.name, text, kBetweenSizes)
                              : parse_dimension(option.name, text, option.kind == OptionKind::integer);
    const bool toggle = option.kind == OptionKind::toggle;
    if (toggle && !std::ranges::all_of(dimension.choices, is_on_off)) throw Error("expected on,off");
    return dimension;
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    throw UsageError(fmt::format("--{} is '{}': {}", option.name, text, error.what()));
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
  const auto is_flag = [&](const std::string& name) {
    const OptionHelp* option = train.find(name.rfind("no-", 0) == 0 ? name.substr(3) : name);
    return option && option->toggle;
  };

  TuneSpace space;
  const Arguments words = separate(arguments);
  for (std::size_t k = 0; k < words.size(); ++k) {
    const std::string name = words[k].rfind("--", 0) == 0 ? words[k].substr(2) : "";
    const std::string value = k + 1 < words.size() ? words[k + 1] : "";
    const TrainOption* option = !name.empty() && train.known(name) ? find_train_option(name) : nullptr;
    const bool toggle = option && option->kind == OptionKind::toggle;
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
    } else if (valued && option && is_space_of(*option, value)) {
      if (std::ranges::any_of(space.dimensions, [&](const Dimension& other) { return other.name == name; })) {
        throw UsageError(fmt::format("--{} is given more than once", name));
      }
      space.dimensions.push_back(read_dimension(*option, value));
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
    if (std::ranges::count(space.toggles, name) > 0) {
      words.push_back(values[k] == "on" ? "--" + name : "--no-" + name);
    } else {
      words.insert(words.end(), {"--" + name, values[k]});
    }
  }
  return words;
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
    // What neither JSON nor a terminal could show goes as bytes with numbers, which today's shells understand.
    if (const std::string shown = escaped(word); shown != word) {
      text += "$'";
      for (const char c : word) {
        text += c == '\'' || c == '\\'  ? std::string{'\\', c}
                : c >= 0x20 && c < 0x7f ? std::string(1, c)
                                        : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      }
      text += '\'';
      continue;
    }
    text += '\'';
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  }
  return text;
}

}  // namespace odot::cli
