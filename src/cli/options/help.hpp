// What there is to say of a subcommand and its options: for --help, manual pages and completion.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "odot/settings/option.hpp"

namespace odot::cli {

/// An option as a user sees it.
struct OptionHelp {
  std::string name{};         ///< "rank" for --rank
  char letter = 0;            ///< 'k' for -k; 0: none
  std::string placeholder{};  ///< of its value; empty without one
  std::string help{};         ///< lines, of which some are a word, two blanks or more, and what it means
  std::string standard{};     ///< the default, which `help` tells too; empty where there is none to tell
  std::vector<Word> words{};  ///< values there are, where they can be listed; what they mean is no part of `help`
  bool toggle = false;        ///< there is --no-NAME too
  bool repeatable = false;

  bool has_value() const { return !placeholder.empty(); }
  /// `help` and, a line for each, the words that say what they mean.
  std::string text() const;
  /// The names of `words`.
  std::vector<std::string> names() const;
  /// Whether the value is a file.
  bool is_path() const;
};

/// Whether arguments called so, as in "MODEL RATINGS...", are files.
bool are_paths(const std::string& arguments);

/// Options under a title.
struct OptionGroup {
  std::string title;
  std::vector<OptionHelp> options;
};

/// Usage, a description, and groups of options.
struct HelpPage {
  std::string usage;
  std::string description;
  std::vector<OptionGroup> groups{};
  std::string arguments{};                    ///< their names, as in the usage
  std::vector<std::string> argument_words{};  ///< what can be given, where that can be listed

  /// The page that --help prints: the help of all options in one column, wrapped.
  std::string text() const;
  /// All of it for scripts, as --help --json prints it.
  Json json() const;
};

}  // namespace odot::cli
