// What is shown on a terminal: texts from files may hold what a terminal obeys.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// `text` with \xNN for every byte of control characters, but tabs and ends of lines, and for bytes that are not UTF-8,
/// which a terminal may take for control characters too.
std::string escaped(std::string_view text);

/// Writes to a standard stream, escaped where that is a terminal; others get the bytes. False where it cannot be
/// written.
bool write_escaped(std::string_view text, std::FILE* stream);

}  // namespace odot::inline ODOT_PRECISION
