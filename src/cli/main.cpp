// The program odot.
#include <algorithm>

#include "cli/main_program.hpp"

int main(int argc, char** argv) { return odot::cli::main_program({argv + std::min(argc, 1), argv + argc}); }
