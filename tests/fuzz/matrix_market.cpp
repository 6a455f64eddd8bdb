// Fuzzes the reader of Matrix Market files: the first byte chooses what to do with duplicates and whether a good banner
// stands before the others, which are the file.
#include "rating_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string banner = data[0] & 8 ? "%%MatrixMarket matrix coordinate real general\n" : "";
  const std::string text = banner + std::string(reinterpret_cast<const char*>(data) + 1, size - 1);
  // A copy of just this size.
  const auto bytes = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), bytes.get());
  odot::fuzz::read_everyhow({bytes.get(), text.size()}, odot::fuzz::settings_of(data[0] & 7));
  return 0;
}
