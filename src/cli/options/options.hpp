// Options of one subcommand: declared once, parsed, checked, and printed as help.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/options/help.hpp"
#include "odot/ratings/read.hpp"

namespace odot::cli {

class Options {
 public:
  /// `usage` is the line after "Usage:", `description` a paragraph.
  Options(std::string usage, std::string description);

  /// Starts a group of options with this title; later declarations belong to it.
  void group(const std::string& title);

  /// An option with a value. `name` is "rank,k" for --rank and -k; a placeholder such as FILE tells that the value is a
  /// path (are_paths()), `words` which values there are.
  void value(const std::string& name, const std::string& placeholder, const std::string& help,
             std::vector<std::string> words = {});
  /// The same with all of its help; its name is the first argument.
  void value(const std::string& name, OptionHelp help);
  /// An option with a value that may be given several times.
  void values(const std::string& name, const std::string& placeholder, const std::string& help);
  /// An option without a value.
  void flag(const std::string& name, const std::string& help);
  /// Two options without values, --NAME and --no-NAME.
  void toggle(const std::string& name, const std::string& help);
  /// The arguments that are no options: at least `least`, at most `most` (−1: any number); `names` as in the usage,
  /// `words` which there are.
  void arguments(const std::string& names, int least, int most, std::vector<std::string> words = {});

  /// --separator, --columns, --header and, except for `pairs`, --duplicates.
  void reading_group(bool pairs = false);
  /// --threads, --quiet, --help.
  void common_group();

  /// Options of this command that a --config file may not have, beside --config, --dump-config and --help.
  void not_in_config(const std::vector<std::string>& names);

  /// Parses; --config FILE, where it was declared, is read for what the command line does not give; `config` is its
  /// text where it was read already. Returns false after printing the help that --help, or --help --json, asked for.
  /// Applies --threads.
  /// Throws UsageError.
  bool parse(const Arguments& arguments, const std::optional<std::string>& config = {});

  /// What was declared.
  const HelpPage& help() const { return help_; }
  /// The declaration of an option; nullptr where there is none. A toggle has one, under its own name.
  const OptionHelp* find(const std::string& name) const;
  bool known(const std::string& name) const { return declared_.find_nothrow(name, false) != nullptr; }
  bool given(const std::string& name) const { return values_.count(name) > 0; }
  const std::string& text(const std::string& name) const { return values_.at(name).as<std::string>(); }
  std::string text(const std::string& name, const std::string& standard) const;
  /// One of the words that the option was declared with; throws UsageError otherwise.
  std::string choice(const std::string& name, const std::string& standard) const;
  /// All values of an option, in order: several where it may be given several times.
  std::vector<std::string> texts(const std::string& name) const;
  /// The arguments, and the values of all options that name files but those of `outputs`, for check_paths().
  std::vector<std::string> inputs(const std::vector<std::string>& outputs) const;
  /// Finite and within [low, high]; throws UsageError otherwise.
  double number(const std::string& name, double standard, double low, double high) const;
  long long integer(const std::string& name, long long standard, long long low, long long high) const;
  /// One or more with commas between.
  std::vector<long long> integers(const std::string& name, long long low, long long high) const;
  /// More than 0 and less than 1; throws UsageError otherwise.
  double fraction(const std::string& name, double standard) const;
  /// The value of --seed.
  std::uint64_t seed(std::uint64_t standard) const;
  bool flag_given(const std::string& name) const;
  /// The value of a toggle() pair.
  bool on_off(const std::string& name, bool standard) const;
  const std::vector<std::string>& arguments() const { return positional_; }

  /// What reading_group() was given. Throws Error of kind usage.
  ReadSettings read_settings() const;
  bool quiet() const { return flag_given("quiet"); }

 private:
  void declare(const std::string& name, const boost::program_options::value_semantic* value, OptionHelp help);
  void parse_words(const Arguments& arguments);
  void add_to_lists(std::vector<boost::program_options::option>& options) const;
  void use_config(const std::string& path, const std::string& text);
  void check_arguments() const;
  void check_names_of_files() const;

  HelpPage help_;
  boost::program_options::options_description declared_;
  std::vector<std::string> flags_;
  std::vector<std::string> exclusive_{"valid", "holdout", "folds"};  // of which one can be given
  std::vector<std::string> not_in_config_{"config", "dump-config", "help"};
  bool pairs_ = false;
  int least_ = 0;
  int most_ = 0;
  boost::program_options::variables_map values_;
  std::vector<std::string> positional_;
};

/// Whether --help is among the arguments of a command.
bool asks_for_help(const Arguments& arguments);

/// The text of a --config file. Throws Error.
std::string read_config(const std::string& path);

}  // namespace odot::cli
