// Texts on their way to a terminal or a file.
#pragma once

#include <string>

#include "cli/command.hpp"

namespace odot::cli {

/// As log(), which escapes what a terminal would obey, but with characters that control it: those must be the program's
/// own.
void draw(const std::string& text);

/// `json` in one line, or indented. What is not UTF-8, as file names and ids may be, becomes U+FFFD there.
std::string json_text(const Json& json, int indent = -1);

}  // namespace odot::cli
