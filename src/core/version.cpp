// The version, as the library was built with.
#include "odot/version.hpp"

namespace odot {

const char* version() { return kVersion; }

}  // namespace odot
