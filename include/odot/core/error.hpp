// The one exception type of the library.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// What an error is about, and so who can do something about it.
enum class ErrorKind {
  usage,      ///< a setting, or settings that do not go together
  data,       ///< ratings, features, models or other files that are not what they should be
  numerical,  ///< a computation that leads nowhere
  system,     ///< the machine: files that cannot be opened or written, memory
};

/// Input that cannot be used. The message is a sentence that a user can act on. Divergence and a failed line search are
/// statuses in reports, never exceptions.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ErrorKind kind = ErrorKind::data)
      : std::runtime_error(message), kind_(kind) {}

  /// Wrong usage of a setting, by its name ("rank"): the message is "SETTING COMPLAINT".
  static Error of_setting(const std::string& setting, const std::string& complaint) {
    return naming("", setting, " " + complaint, ErrorKind::usage);
  }

  /// The message is "BEFORE SETTING AFTER", with no blanks between: of a setting, or with one as the remedy.
  static Error naming(const std::string& before, const std::string& setting, const std::string& after,
                      ErrorKind kind = ErrorKind::data) {
    Error error(before + setting + after, kind);
    error.setting_ = setting;
    error.setting_at_ = before.size();
    return error;
  }

  /// The same with "PLACE: " before the message, such as the name of a file.
  Error at(const std::string& place) const {
    Error error(place + ": " + what(), kind_);
    error.setting_ = setting_;
    error.setting_at_ = setting_at_ + place.size() + 2;
    return error;
  }

  ErrorKind kind() const { return kind_; }

  /// The setting that the message names, of those that it may name the one to see to first; empty where it names none.
  /// Whoever calls settings something else, as a command line does, finds it at setting_at() in the message.
  const std::string& setting() const { return setting_; }
  std::size_t setting_at() const { return setting_at_; }

 private:
  ErrorKind kind_;
  std::string setting_;
  std::size_t setting_at_ = 0;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
