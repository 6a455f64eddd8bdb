// The whole program, for whoever has a main().
#pragma once

#include "cli/command.hpp"

namespace odot::cli {

/// Does what the words after the program's name ask for; returns an exit code. Messages go to standard error. Memory,
/// signals and standard streams of the process are set as the program wants them.
int main_program(const Arguments& words);

}  // namespace odot::cli
