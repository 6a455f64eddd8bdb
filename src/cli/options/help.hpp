// What there is to say of a subcommand and its options: for --help, manual pages and completion.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace odot::cli {

/// An option as a user sees it.
struct OptionHelp {
  std::string name{};                ///< "rank" for --rank
  char letter = 0;                   ///< 'k' for -k; 0: none
  std::string placeholder{};         ///< of its value; empty without one
  std::string help{};                ///< lines, of which some are a word, two blanks or more, and what it means
  std::vector<std::string> words{};  ///< values there are, where they can be listed
  bool toggle = false;               ///< there is --no-NAME too
  bool repeatable = false;

  bool has_value() const { return !placeholder.empty(); }
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
};

}  // namespace odot::cli
