// The options that the benches have beside Google Benchmark's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace odot::bench {

/// Removes `--NAME=VALUE` from the arguments and returns VALUE, or `otherwise` where it is not among them.
std::string take_option(int& argc, char** argv, std::string_view name, std::string_view otherwise);

/// The parts of a text between commas.
std::vector<std::string> split(const std::string& list);

/// Likewise, whole numbers ≥ 1. Throws Error for anything else; `name` is the option's, for the message.
std::vector<int> split_numbers(std::string_view name, const std::string& list);

/// "1,N" with N the number of cores that this process may use, or "1" where that is one.
std::string one_and_all_threads();

/// Runs body() and returns the program's exit status: 1 with a message where it throws.
int run(const char* program, int (*body)(int argc, char** argv), int argc, char** argv);

}  // namespace odot::bench
