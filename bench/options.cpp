#include "bench/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot::bench {

std::string take_option(int& argc, char** argv, std::string_view name, std::string_view otherwise) {
  const std::string prefix = fmt::format("--{}=", name);
  std::string value(otherwise);
  char** end = std::remove_if(argv + 1, argv + argc, [&](const char* argument) {
    const std::string_view text(argument);
    if (!text.starts_with(prefix)) return false;
    value = text.substr(prefix.size());
    return true;
  });
  argc = static_cast<int>(end - argv);
  *end = nullptr;
  return value;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::vector<int> split_numbers(std::string_view name, const std::string& list) {
  std::vector<int> numbers;
  for (const std::string& part : split(list)) {
    int number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size() || number < 1) {
      throw Error(fmt::format("--{}: found '{}', expected a whole number ≥ 1", name, part));
    }
    numbers.push_back(number);
  }
  return numbers;
}

std::string one_and_all_threads() {
  set_threads(0);
  return threads() == 1 ? "1" : fmt::format("1,{}", threads());
}

int run(const char* program, int (*body)(int argc, char** argv), int argc, char** argv) {
  try {
    return body(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 1;
  }
}

}  // namespace odot::bench
