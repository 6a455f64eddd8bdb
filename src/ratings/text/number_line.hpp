// Lines "number SEPARATOR number SEPARATOR rating", the way most rating files are written, read eight bytes at a time.
// Whatever is the least unusual about a line is left to the general parser.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// The start of such a line. Ids have no sign and no leading zeros, so that equal ids are equal numbers.
struct NumberLine {
  std::uint32_t user = 0;
  std::uint32_t item = 0;
  Real rating = 0;
  std::string_view user_text;
  std::string_view item_text;
  const char* end = nullptr;  ///< one past the last field read
};

/// How many bytes from the start of a line on must be readable.
inline constexpr std::size_t kNumberLineRoom = 64;

/// The digits at some place: as many as there are, but at most eight.
struct Digits {
  std::uint32_t value;
  std::uint32_t count;
};

inline Digits read_digits(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof(bytes));
  bytes ^= 0x3030303030303030u;  // digits become 0 to 9
  // A carry out of a byte reaches only later ones, and the first byte that is no digit is all that is asked for.
  const std::uint64_t others = (bytes | (bytes + 0x0606060606060606u)) & 0xf0f0f0f0f0f0f0f0u;
  const auto count = static_cast<std::uint32_t>(std::countr_zero(others)) / 8;
  if (count == 0) return {0, 0};
  // Pairs of digits, then of pairs, then of fours are joined in one word.
  bytes <<= 8 * (8 - count);
  bytes = bytes * 10 + (bytes >> 8);
  bytes = ((bytes & 0x000000ff000000ffu) * 0x000f424000000064u +
           (bytes >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u) >>
          32;
  return {static_cast<std::uint32_t>(bytes), count};
}

/// Reads a rating with at most eight digits on either side of the point; the same value as from a correctly rounding
/// conversion. Null when it is written otherwise, else where it ends.
inline const char* read_short_rating(const char* at, Real& rating) {
  static constexpr std::uint64_t kWhole[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  static constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
  const bool negative = *at == '-';
  at += negative;
  const Digits whole = read_digits(at);
  if (whole.count == 0) return nullptr;
  at += whole.count;
  double number = whole.value;
  if (*at == '.') {
    const Digits fraction = read_digits(at + 1);
    // Both operands of the division are exact below 2^53, and so its result is the nearest double.
    if (fraction.count == 0 || whole.count + fraction.count > 15) return nullptr;
    number = static_cast<double>(whole.value * kWhole[fraction.count] + fraction.value) / kPowers[fraction.count];
    at += 1 + fraction.count;
  }
  rating = static_cast<Real>(negative ? -number : number);
  return at;
}

/// Reads user, item and, `with_rating`, a rating from the line at `at`, where kNumberLineRoom bytes can be read.
/// False for a line that is not of this kind. The caller sees to what follows `end`.
template <class Separator>
bool read_number_line(const char* at, const Separator& separator, bool with_rating, NumberLine& out) {
  const Digits user = read_digits(at);
  if (user.count == 0 || (*at == '0' && user.count > 1)) return false;
  out.user = user.value;
  out.user_text = {at, user.count};
  at += user.count;
  if (!separator.is_at(at)) return false;
  at += separator.size;
  const Digits item = read_digits(at);
  if (item.count == 0 || (*at == '0' && item.count > 1)) return false;
  out.item = item.value;
  out.item_text = {at, item.count};
  at += item.count;
  if (with_rating) {
    if (!separator.is_at(at)) return false;
    at = read_short_rating(at + separator.size, out.rating);
    if (!at) return false;
  }
  out.end = at;
  return true;
}

}  // namespace odot::inline ODOT_PRECISION::reading
