// The checksum of bytes that come in pieces.
#include "core/digest.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace odot {
namespace {

TEST_CASE("XXH3 of 64 bits, however the bytes are cut") {
  // The value of nothing at all, from the specification's reference implementation (XXH3_64bits, seed 0).
  CHECK(Digest().text() == "xxh3:2d06800538d394c2");
  std::string bytes;
  for (int k = 0; k < 1000; ++k) bytes.push_back(static_cast<char>(k * 37));
  Digest whole;
  whole.add(bytes);
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{240}, std::size_t{999}}) {
    Digest parts;
    parts.add(std::string_view(bytes).substr(0, cut));
    parts.add(std::string_view(bytes).substr(cut));
    CHECK(parts.value() == whole.value());
    CHECK(parts.text() == whole.text());
  }
  bytes[500] ^= 1;
  Digest other;
  other.add_values(std::vector<char>(bytes.begin(), bytes.end()));
  CHECK(other.value() != whole.value());
  other.reset();
  CHECK(other.value() == Digest().value());
}

}  // namespace
}  // namespace odot
