// How much memory this process may use.
#pragma once

#include <cstddef>
#include <string>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Bytes: the machine's memory, or the limit of one of the control groups (version 1 or 2) that the process is in, when
/// that is lower.
std::size_t memory_limit();

/// The part of memory_limit() that ratings may take when nobody says how much: three fifths. The rest is for the
/// factors, what an optimizer remembers of them, and the system.
std::size_t default_memory_budget();

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
