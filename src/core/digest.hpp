// A checksum of data that come piece by piece.
#pragma once

#include <cstdint>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// XXH3, 64 bits.
class Digest {
 public:
  Digest();

  void add(std::string_view bytes);

  /// The bytes of contiguous plain values.
  template <std::ranges::contiguous_range Values>
  void add_values(const Values& values) {
    add({reinterpret_cast<const char*>(std::ranges::data(values)),
         std::ranges::size(values) * sizeof(std::ranges::range_value_t<Values>)});
  }

  std::uint64_t value() const;

  /// Forgets what was added.
  void reset();

  /// "xxh3:" and 16 hexadecimal digits.
  std::string text() const;

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;
};

}  // namespace odot::inline ODOT_PRECISION
