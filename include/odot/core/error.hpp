// The one exception type of the library.
#pragma once

#include <stdexcept>

#pragma GCC visibility push(default)
namespace odot {

/// Bad input: a file, a value or a combination of settings that cannot be used. The message is a
/// sentence that a user can act on. Numerical events (divergence, a failed line search) are statuses
/// in reports, never exceptions.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace odot
#pragma GCC visibility pop
