// Fuzzes `odot import`: LIBMF's model, then the ids of its rows and of its columns where the input has them.
#include "program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot::fuzz;
  static const MemoryFile model;
  static const MemoryFile users;
  static const MemoryFile items;
  Bytes input(data, size);
  model.write(input.part());
  Words words{"import", model.path(), "-o", "/dev/null"};
  for (const auto& [option, file] : {std::pair{"--users", &users}, std::pair{"--items", &items}}) {
    if (input.empty()) break;
    file->write(input.part());
    words.insert(words.end(), {option, file->path()});
  }
  run(words);
  return 0;
}
