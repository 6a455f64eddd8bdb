// Options of one subcommand: declaring, parsing, and reading their values.
#include "cli/options/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/spelling.hpp"
#include "ratings/text/fields.hpp"

namespace odot::cli {
namespace {

namespace po = boost::program_options;

constexpr int kMostThreads = 1024;

// Long options in full only: an abbreviation that works today may be ambiguous tomorrow.
constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

// "--no-x" for "x" and the other way round.
std::string opposite(const std::string& name) { return name.rfind("no-", 0) == 0 ? name.substr(3) : "no-" + name; }

bool is_true(const std::string& word, const std::string& option) {
  if (word == "true" || word == "yes" || word == "on" || word == "1" || word.empty()) return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  throw UsageError(fmt::format("{} is '{}', but must be true or false", option, word));
}

// "; did you mean --rank?", or nothing.
std::string suggestion(const po::options_description& known, const std::string& wrong, const char* dashes) {
  std::vector<std::string_view> names;
  for (const auto& option : known.options()) names.push_back(option->long_name());
  const std::string_view meant =
      probably_meant(names, std::string_view(wrong).substr(std::min(wrong.find_first_not_of('-'), wrong.size())));
  return meant.empty() ? "" : fmt::format("; did you mean {}{}?", dashes, meant);
}

// "0.1" of "share of the ratings (default 0.1)"; empty where a help tells no default.
std::string default_in(const std::string& help) {
  for (const std::string_view open : {"(default", "; default", "\ndefault"}) {
    const std::size_t at = help.find(open);
    if (at == std::string::npos) continue;
    const std::size_t start = help.find_first_not_of(": ", at + open.size());
    return help.substr(start, open[0] == '\n' ? std::string::npos : help.find(')', start) - start);
  }
  return "";
}

}  // namespace

bool asks_for_help(const Arguments& arguments) {
  return std::ranges::any_of(arguments, [](const auto& word) { return word == "--help" || word == "-h"; });
}

std::string read_config(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(fmt::format("cannot read --config {}: {}", path, std::strerror(errno)));
  if (std::filesystem::is_directory(path)) throw Error(fmt::format("cannot read --config {}: it is a directory", path));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return std::string(reading::without_byte_order_mark(text));
}

Options::Options(std::string usage, std::string description) : help_{std::move(usage), std::move(description)} {}

void Options::group(const std::string& title) { help_.groups.push_back({title, {}}); }

// `name` is that of the command line, which the help may say otherwise.
void Options::declare(const std::string& name, const po::value_semantic* value, OptionHelp help) {
  if (value) {
    declared_.add_options()(name.c_str(), value, "");
  } else {
    declared_.add_options()(name.c_str(), "");
    flags_.push_back(name.substr(0, name.find(',')));
  }
  const std::size_t comma = name.find(',');
  help.name = name.substr(0, comma);
  if (comma != std::string::npos) help.letter = name[comma + 1];
  if (help.standard.empty()) help.standard = default_in(help.help);
  help_.groups.back().options.push_back(std::move(help));
}

void Options::value(const std::string& name, const std::string& placeholder, const std::string& help,
                    std::vector<std::string> words) {
  OptionHelp row{.placeholder = placeholder, .help = help};
  for (std::string& word : words) row.words.push_back({std::move(word)});
  value(name, std::move(row));
}

void Options::value(const std::string& name, OptionHelp help) {
  declare(name, po::value<std::string>(), std::move(help));
}

void Options::values(const std::string& name, const std::string& placeholder, const std::string& help) {
  declare(name, po::value<std::vector<std::string>>(), {.placeholder = placeholder, .help = help, .repeatable = true});
}

void Options::flag(const std::string& name, const std::string& help) { declare(name, nullptr, {.help = help}); }

void Options::toggle(const std::string& name, const std::string& help) {
  declare(name, nullptr, {.help = help, .toggle = true});
  declared_.add_options()(("no-" + name).c_str(), "");
  flags_.push_back("no-" + name);
}

void Options::arguments(const std::string& names, int least, int most, std::vector<std::string> words) {
  help_.arguments = names;
  help_.argument_words = std::move(words);
  least_ = least;
  most_ = most;
}

void Options::reading_group(bool pairs) {
  pairs_ = pairs;
  group("Reading (recognised from the file unless given)");
  value("separator", "TEXT",
        "between fields: '::', tab, comma, semicolon, space (any run of blanks) or any other text");
  value("columns", pairs ? "U,I" : "U,I,R",
        fmt::format("columns of {}: numbers from 1, or names in the header line",
                    pairs ? "user and item" : "user, item and rating"));
  toggle("header", "the first line has column names, or has not");
  if (!pairs) {
    value("duplicates", "WHICH", "first, last or mean: keep this of repeated (user, item) pairs (default: an error)",
          {"first", "last", "mean"});
  }
}

void Options::common_group() {
  group("General");
  value("threads", "N",
        "threads; 0: what OMP_NUM_THREADS says, or else one for each core that this process may use, by its control "
        "group's quota too (default 0). Never changes the result");
  flag("quiet,q", "nothing on standard error but errors");
  flag("help,h", "print this help");
}

void Options::not_in_config(const std::vector<std::string>& names) {
  not_in_config_.insert(not_in_config_.end(), names.begin(), names.end());
}

bool Options::parse(const Arguments& arguments, const std::optional<std::string>& config) {
  if (asks_for_help(arguments)) {
    if (std::ranges::find(arguments, "--json") != arguments.end()) {
      print_json(help_.json());
    } else {
      std::cout << help_.text();
    }
    return false;
  }
  parse_words(arguments);
  if (known("config") && given("config")) use_config(text("config"), config ? *config : read_config(text("config")));
  if (!flag_given("dump-config")) check_arguments();
  check_names_of_files();
  for (const std::string& name : flags_) {
    if (flag_given(name) && flag_given("no-" + name)) {
      throw UsageError(fmt::format("--{0} and --no-{0} contradict each other", name));
    }
  }
  set_threads(static_cast<int>(integer("threads", 0, 0, kMostThreads)));
  return true;
}

void Options::parse_words(const Arguments& arguments) {
  po::options_description all;
  all.add(declared_).add_options()("argument", po::value<std::vector<std::string>>());
  po::positional_options_description positions;
  positions.add("argument", -1);
  try {
    po::parsed_options parsed =
        po::command_line_parser(arguments).options(all).positional(positions).style(kStyle).run();
    add_to_lists(parsed.options);
    po::store(parsed, values_);
  } catch (const po::unknown_option& error) {
    const std::string wrong = error.get_option_name();
    throw UsageError(fmt::format("unknown option {}{}", wrong, suggestion(declared_, wrong, "--")));
  } catch (const po::multiple_occurrences& error) {
    throw UsageError(fmt::format("{} is given more than once", error.get_option_name()));
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  if (values_.count("argument")) positional_ = values_["argument"].as<std::vector<std::string>>();
}

// Words behind an option that may be given several times are more of its values, where the command has no use for as
// many arguments: "--exclude a b". Where it takes any number of them and has enough, nobody can say what they are.
void Options::add_to_lists(std::vector<po::option>& options) const {
  std::ptrdiff_t surplus =
      std::ranges::count_if(options, [](const auto& one) { return one.position_key >= 0; }) - most_;
  const po::option* list = nullptr;
  int before = 0;  // arguments
  for (po::option& one : options) {
    if (one.position_key < 0) {
      const OptionHelp* const option = find(one.string_key);
      list = option && option->repeatable ? &one : nullptr;
      continue;
    }
    const bool enough = before++ >= least_;
    if (list && most_ >= 0 && surplus > 0) {
      one.string_key = list->string_key;
      one.position_key = -1;
      --surplus;
    } else if (list && most_ < 0 && enough) {
      throw UsageError(
          fmt::format("'{0}' behind --{1} could be one more of it, or one of {2}: write --{1} {0}, or put {2} first",
                      one.value[0], list->string_key, help_.arguments));
    }
  }
}

void Options::check_arguments() const {
  const int count = static_cast<int>(positional_.size());
  if (count < least_) {
    throw UsageError(count == 0 ? fmt::format("missing arguments: {}", help_.arguments)
                                : fmt::format("missing arguments: expected {}, found only '{}'", help_.arguments,
                                              fmt::join(positional_, " ")));
  }
  if (most_ >= 0 && count > most_) {
    const std::string& word = positional_[static_cast<std::size_t>(most_)];
    std::string meant;
    for (const char* name : {"user", "item"}) {
      if (known(name)) meant += fmt::format("{} --{} {}", meant.empty() ? "; to name one:" : " or", name, word);
    }
    throw UsageError(fmt::format("unexpected argument '{}': only {} can be given{}", word,
                                 help_.arguments.empty() ? "options" : help_.arguments, meant));
  }
}

// An empty name is what an unset variable of a script gives.
void Options::check_names_of_files() const {
  for (const OptionGroup& group : help_.groups) {
    for (const OptionHelp& option : group.options) {
      if (option.is_path() && std::ranges::count(texts(option.name), "") > 0) {
        throw UsageError(fmt::format("--{} is empty", option.name));
      }
    }
  }
  if (are_paths(help_.arguments) && std::ranges::count(positional_, "") > 0) {
    throw UsageError(fmt::format("one of {} is empty", help_.arguments));
  }
}

void Options::use_config(const std::string& path, const std::string& text) {
  std::istringstream file(text);
  po::options_description allowed;
  for (const auto& option : declared_.options()) {
    const std::string& name = option->long_name();
    if (std::ranges::count(not_in_config_, name) > 0) continue;
    allowed.add_options()(name.c_str(), po::value<std::string>(), "");
  }
  try {
    po::parsed_options parsed = po::parse_config_file(file, allowed);
    for (auto& option : parsed.options) {
      std::string& name = option.string_key;
      if (std::find(flags_.begin(), flags_.end(), name) == flags_.end()) continue;
      // "biases = no" is --no-biases; "quiet = no" is nothing.
      if (!is_true(option.value.front(), fmt::format("{}: {}", path, name))) {
        name = known(opposite(name)) ? opposite(name) : "";
      }
    }
    const auto on_command_line = [&](const std::string& name) { return given(name); };
    // The command line wins, and --no-x on it wins over x in the file.
    std::erase_if(parsed.options, [&](const auto& option) {
      const std::string& name = option.string_key;
      if (name.empty() || given(name) || given(opposite(name))) return true;
      // So it does over one that says the same thing in another way.
      return std::ranges::count(exclusive_, name) > 0 && std::ranges::any_of(exclusive_, on_command_line);
    });
    po::store(parsed, values_);
  } catch (const po::unknown_option& error) {
    const std::string wrong = error.get_option_name();
    throw UsageError(fmt::format("{}: unknown option {}{}", path, wrong, suggestion(allowed, wrong, "")));
  } catch (const po::multiple_occurrences& error) {
    throw UsageError(fmt::format("{}: {} is given more than once", path, error.get_option_name()));
  } catch (const po::invalid_config_file_syntax& error) {
    throw UsageError(fmt::format("{}: found the line '{}', expected NAME = VALUE", path, error.tokens()));
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
}

const OptionHelp* Options::find(const std::string& name) const {
  for (const OptionGroup& group : help_.groups) {
    for (const OptionHelp& option : group.options) {
      if (option.name == name) return &option;
    }
  }
  return nullptr;
}

}  // namespace odot::cli
