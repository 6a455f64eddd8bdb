// An input of a fuzz target, taken in pieces.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace odot::fuzz {

/// The bytes of an input one after another, zeros behind its end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() { return rest_.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(text(1)[0]); }
  std::size_t two() {
    const std::size_t low = byte();
    return low | static_cast<std::size_t>(byte()) << 8;
  }
  std::string_view text(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  /// Up to the next byte 0, which separates files of one input.
  std::string_view part() {
    const std::string_view taken = text(rest_.find('\0'));
    text(1);
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace odot::fuzz
