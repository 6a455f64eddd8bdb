// Fuzzes the reader of titles in `odot recommend`: the first byte chooses the format of the list, then come the file
// and, where the input goes on, its columns.
#include "program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot::fuzz;
  static const MemoryFile titles;
  Bytes input(data, size);
  const std::string format = std::array{"text", "csv", "jsonl"}[input.byte() % 3];
  titles.write(input.part());
  Words words{"recommend", model_path(), "--user", "1", "--format", format, "--items", titles.path()};
  if (!input.empty()) words.insert(words.end(), {"--titles", std::string(input.part())});
  run(words);
  return 0;
}
