// Fuzzes the reader of rating files: the first byte chooses settings, the others are the file.
#include "rating_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  odot::fuzz::read_everyhow({reinterpret_cast<const char*>(data) + 1, size - 1}, odot::fuzz::settings_of(data[0]));
  return 0;
}
