// What parallel loops do without.
#pragma once

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// The most threads of a loop that the system refused to start so far, so that the others did the work.
int missing_threads();

}  // namespace odot::inline ODOT_PRECISION
