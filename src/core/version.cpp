// The version, as the library was built with.
#include "odot/version.hpp"

namespace odot::inline ODOT_PRECISION {

const char* version() { return kVersion; }

}  // namespace odot::inline ODOT_PRECISION
