// Fuzzes lists of ids in `odot recommend`: whom to recommend to, then what to choose from where the input has it.
#include "program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot::fuzz;
  static const MemoryFile users;
  static const MemoryFile items;
  Bytes input(data, size);
  users.write(input.part());
  Words words{"recommend", model_path(), "--users", users.path()};
  if (!input.empty()) {
    items.write(input.part());
    words.insert(words.end(), {"--only", items.path()});
  }
  run(words);
  return 0;
}
