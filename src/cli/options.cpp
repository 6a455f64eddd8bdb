#include "cli/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/spelling.hpp"

namespace odot::cli {
namespace {

namespace po = boost::program_options;

constexpr unsigned kHelpWidth = 110;
constexpr int kMostThreads = 1024;

// Long options in full only: an abbreviation that works today may be ambiguous tomorrow.
constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

std::string without_short(const std::string& name) { return name.substr(0, name.find(',')); }

// "--no-x" for "x" and the other way round.
std::string opposite(const std::string& name) { return name.rfind("no-", 0) == 0 ? name.substr(3) : "no-" + name; }

bool is_true(const std::string& word, const std::string& option) {
  if (word == "true" || word == "yes" || word == "on" || word == "1" || word.empty()) return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  throw UsageError(fmt::format("{} is '{}', but must be true or false", option, word));
}

}  // namespace

std::optional<double> to_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

Options::Options(std::string usage, std::string description)
    : usage_(std::move(usage)), description_(std::move(description)) {}

void Options::group(const std::string& title) { groups_.emplace_back(title, kHelpWidth, kHelpWidth / 2); }

void Options::value(const std::string& name, const std::string& placeholder, const std::string& help) {
  groups_.back().add_options()(name.c_str(), po::value<std::string>()->value_name(placeholder), help.c_str());
}

void Options::flag(const std::string& name, const std::string& help) {
  groups_.back().add_options()(name.c_str(), help.c_str());
  flags_.push_back(without_short(name));
}

void Options::toggle(const std::string& name, const std::string& help) {
  flag(name, help);
  flag("no-" + name, "the opposite of --" + name);
}

void Options::arguments(const std::string& what, int least, int most) {
  argument_name_ = what;
  least_ = least;
  most_ = most;
}

void Options::reading_group() {
  group("Reading (recognised from the file unless given)");
  value("separator", "TEXT",
        "between fields: '::', tab, comma, semicolon, space (any run of blanks) or any other text");
  value("columns", "U,I,R", "columns of user, item and rating: numbers from 1, or names of the header line");
  toggle("header", "the first line has column names");
  value("duplicates", "WHICH",
        "keep the first, the last or the mean of repeated (user, item) pairs; an error otherwise");
}

void Options::common_group() {
  group("General");
  value("threads", "N", "threads; 0: one for each core (default 0). Never changes the result");
  flag("quiet,q", "nothing on standard error but errors");
  flag("help,h", "print this help");
}

bool Options::parse(const Arguments& arguments) {
  po::options_description all;
  for (const auto& group : groups_) all.add(group);
  po::options_description hidden;
  hidden.add_options()("argument", po::value<std::vector<std::string>>());
  po::options_description everything;
  everything.add(all).add(hidden);
  po::positional_options_description positions;
  positions.add("argument", -1);
  if (std::any_of(arguments.begin(), arguments.end(), [](const auto& a) { return a == "--help" || a == "-h"; })) {
    std::cout << help();
    return false;
  }
  try {
    po::store(po::command_line_parser(arguments).options(everything).positional(positions).style(kStyle).run(),
              values_);
  } catch (const po::unknown_option& error) {
    const std::string wrong = error.get_option_name();
    std::vector<std::string_view> names;
    for (const auto& option : all.options()) names.push_back(option->long_name());
    const std::string_view meant =
        probably_meant(names, wrong.substr(std::min(wrong.find_first_not_of('-'), wrong.size())));
    throw UsageError(
        fmt::format("unknown option {}{}", wrong, meant.empty() ? "" : fmt::format("; did you mean --{}?", meant)));
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  if (values_.count("argument")) positional_ = values_["argument"].as<std::vector<std::string>>();
  if (given("config")) read_config(text("config"));
  const int count = static_cast<int>(positional_.size());
  if (count < least_) throw UsageError(fmt::format("missing argument: {}", argument_name_));
  if (most_ >= 0 && count > most_) {
    throw UsageError(fmt::format("unexpected argument '{}': only {} can be given",
                                 positional_[static_cast<std::size_t>(most_)],
                                 argument_name_.empty() ? "options" : argument_name_));
  }
  set_threads(static_cast<int>(integer("threads", 0, 0, kMostThreads)));
  return true;
}

void Options::read_config(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  po::options_description known;
  for (const auto& group : groups_) {
    for (const auto& option : group.options()) {
      const std::string& name = option->long_name();
      if (name != "config" && name != "help") known.add_options()(name.c_str(), po::value<std::string>(), "");
    }
  }
  try {
    po::parsed_options parsed = po::parse_config_file(file, known);
    // The command line wins, and --no-x on it wins over x in the file.
    std::erase_if(parsed.options,
                  [&](const auto& option) { return given(option.string_key) || given(opposite(option.string_key)); });
    for (auto& option : parsed.options) {
      const std::string& name = option.string_key;
      if (std::find(flags_.begin(), flags_.end(), name) == flags_.end()) continue;
      if (!is_true(option.value.empty() ? "" : option.value.front(), path + ": " + name)) option.string_key.clear();
    }
    std::erase_if(parsed.options, [](const auto& option) { return option.string_key.empty(); });
    po::store(parsed, values_);
  } catch (const po::unknown_option& error) {
    std::vector<std::string_view> names;
    for (const auto& option : known.options()) names.push_back(option->long_name());
    const std::string wrong = error.get_option_name();
    const std::string_view meant = probably_meant(names, wrong);
    throw UsageError(fmt::format("{}: unknown option {}{}", path, wrong,
                                 meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
}

std::string Options::help() const {
  std::ostringstream out;
  out << "Usage: " << usage_ << "\n\n" << description_ << "\n";
  for (const auto& group : groups_) out << "\n" << group;
  return out.str();
}

std::string Options::text(const std::string& name, const std::string& standard) const {
  return given(name) ? text(name) : standard;
}

double Options::number(const std::string& name, double standard, double low, double high) const {
  if (!given(name)) return standard;
  const std::optional<double> value = to_number(text(name));
  if (value && *value >= low && *value <= high) return *value;
  const std::string range = std::isinf(high) ? (std::isinf(low) ? "" : fmt::format(" of at least {}", low))
                                             : fmt::format(" from {} to {}", low, high);
  throw UsageError(fmt::format("--{} is '{}', but must be a number{}", name, text(name), range));
}

long long Options::integer(const std::string& name, long long standard, long long low, long long high) const {
  if (!given(name)) return standard;
  const std::string& word = text(name);
  long long value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error == std::errc{} && end == word.data() + word.size() && value >= low && value <= high) return value;
  throw UsageError(fmt::format("--{} is '{}', but must be a whole number from {} to {}", name, word, low, high));
}

bool Options::flag_given(const std::string& name) const { return values_.count(name) > 0; }

bool Options::on_off(const std::string& name, bool standard) const {
  const bool on = flag_given(name);
  const bool off = flag_given("no-" + name);
  if (on && off) throw UsageError(fmt::format("--{0} and --no-{0} contradict each other", name));
  return on || (standard && !off);
}

ReadSettings Options::read_settings() const {
  ReadSettings settings;
  if (given("separator")) settings.separator = text("separator");
  if (given("columns")) {
    std::vector<std::string> names;
    std::stringstream words(text("columns"));
    for (std::string word; std::getline(words, word, ',');) names.push_back(word);
    if (names.size() != 3 || std::any_of(names.begin(), names.end(), [](const auto& n) { return n.empty(); })) {
      throw UsageError(fmt::format("--columns is '{}', but must name three columns, e.g. 2,1,4 or user,movie,stars",
                                   text("columns")));
    }
    settings.columns = {names[0], names[1], names[2]};
  }
  if (flag_given("header") || flag_given("no-header")) settings.header = on_off("header", true);
  if (given("duplicates")) {
    const std::string& word = text("duplicates");
    if (word == "first") {
      settings.duplicates = Duplicates::first;
    } else if (word == "last") {
      settings.duplicates = Duplicates::last;
    } else if (word == "mean") {
      settings.duplicates = Duplicates::mean;
    } else {
      throw UsageError(fmt::format("--duplicates is '{}', but must be first, last or mean", word));
    }
  }
  return settings;
}

}  // namespace odot::cli
