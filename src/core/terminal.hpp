// What is shown on a terminal: texts from files may hold what a terminal obeys.
#pragma once

#include <cstddef>
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

/// The columns of the terminal that a standard stream is, now: it may be resized; 80 where it does not tell.
std::size_t terminal_columns(std::FILE* stream);

/// What is left of `text`, of one line in UTF-8, when it is cut to so many characters.
std::string_view first_characters(std::string_view text, std::size_t count);

}  // namespace odot::inline ODOT_PRECISION
