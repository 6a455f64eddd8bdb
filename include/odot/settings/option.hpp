// Options as rows: all there is to say of one, for whoever asks: checks, help, completion, config files, searches.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// What an option takes.
enum class OptionKind {
  toggle,   ///< on or off
  integer,  ///< a whole number
  number,
  word,   ///< one of Option::words
  sizes,  ///< whole numbers ≥ 1 with commas between, or "none"
  input,  ///< something that is read before any work, such as a file: no value of a setting
};

/// The value of an option, by its kind: bool, whole number, number, word, sizes.
using OptionValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::size_t>>;

/// Numbers that may be given.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;   ///< low itself is not allowed
  bool high_open = false;  ///< high itself is not allowed
};

/// A word that an option takes.
struct Word {
  std::string name;
  std::string help{};
};

/// A row.
struct Option {
  std::string name{};         ///< as on the command line, e.g. "rank"
  std::string group{};        ///< the title that its help stands under
  std::string placeholder{};  ///< of the value in the help; empty for toggles
  std::string help{};         ///< without the default
  OptionKind kind = OptionKind::number;
  Range range{};                                ///< of integers, numbers and sizes
  std::string zero_word{};                      ///< the word that stands for 0 ("auto", "warm"), or empty
  std::function<std::vector<Word>()> words{};   ///< of OptionKind::word, and words that an input may be
  std::optional<OptionValue> standard{};        ///< the default; none where it depends on more than the method
  std::function<std::string()> default_text{};  ///< of the help, where the default is no value
  char letter = 0;                              ///< 'k' for -k; 0: none

  bool common = false;           ///< every method uses it
  bool searched = true;          ///< a search may vary it
  bool recorded = true;          ///< it decides the result: models and checkpoints record it
  bool silent_zero = false;      ///< recorded only where it is not 0, if 0 is the default
  bool limits = false;           ///< it says when to stop, not where to: a run may be resumed with another value
  bool by_clock = false;         ///< it lets the clock decide, so that a result does not come again
  bool needs_held_out = false;   ///< of use only where there are held-out ratings
  bool chooses = false;          ///< it decides which others there are: what differs is looked for here first
  bool along_lines = false;      ///< it is about steps along lines: with it, the method that takes them is meant
  bool needs_optimizer = false;  ///< of use only where an optimizer of the registry is chosen
  bool single_run = false;       ///< of a single run, not of the many of a search or of cross-validation

  /// "≥ 0 and < 1", "a whole number from 1 to 1024", "sizes with commas between, or none"; empty for words and inputs.
  std::string range_text() const;
};

/// A row of a kind, without a default but for the toggle; `group` is the title in the help.
Option toggle_option(std::string name, std::string group, std::string help, bool standard);
Option integer_option(std::string name, std::string group, std::string placeholder, std::string help,
                      const Range& range);
Option number_option(std::string name, std::string group, std::string placeholder, std::string help,
                     const Range& range);
Option input_option(std::string name, std::string group, std::string placeholder, std::string help);

/// The value that `text` stands for. Throws Error of the setting, with what it must be; words are taken as they are.
OptionValue parse_value(const Option& option, std::string_view text);

/// Throws Error of the setting where the value is out of range, or no word of the option.
void check_value(const Option& option, const OptionValue& value);

/// The value in words as records have it: "true", "16", "1e-05", "adam", "64,128,64".
std::string value_text(const OptionValue& value);

/// The value as users write it: "on", and the zero word for 0.
std::string user_text(const Option& option, const OptionValue& value);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
