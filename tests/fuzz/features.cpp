// Fuzzes the reader of feature files in `odot train`: the first byte chooses the method and whose features they are,
// then come the file and, where the input goes on, what to make of its columns.
#include "program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot::fuzz;
  static const MemoryFile features;
  static const MemoryFile others;
  Bytes input(data, size);
  const unsigned bits = input.byte();
  const std::string side = bits & 1 ? "item" : "user";
  const std::string other = bits & 1 ? "user" : "item";
  features.write(input.part());
  Words words{"train", ratings_path(), "--iterations", "1", "--" + side + "s", features.path()};
  if (bits & 2) {
    others.write("1,a,1\n2,b,2\n3,a,3\n4,b,4\n5,a,5\n6,b,6\n");
    words.insert(words.end(), {"--method", "mlp", "--layers", "2", "--" + other + "s", others.path()});
  } else {
    words.insert(words.end(), {"--method", bits & 4 ? "gibbs" : "variational", "--rank", "2"});
  }
  if (!input.empty()) words.insert(words.end(), {"--" + side + "-features", std::string(input.part())});
  run(words);
  return 0;
}
