// The one exception type of the library.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

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
    Error error(setting + " " + complaint, ErrorKind::usage);
    error.setting_ = setting;
    return error;
  }

  ErrorKind kind() const { return kind_; }

  /// The setting that the message begins with; empty where it begins with none.
  const std::string& setting() const { return setting_; }

 private:
  ErrorKind kind_;
  std::string setting_;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
