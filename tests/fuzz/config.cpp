// Fuzzes the reader of --config files in `odot train`. What they ask for is checked and printed, but not done: it may
// be to write any file and to take any time.
#include "program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot::fuzz;
  static const MemoryFile config;
  config.write({reinterpret_cast<const char*>(data), size});
  run({"train", ratings_path(), "--config", config.path(), "--dump-config"});
  return 0;
}
