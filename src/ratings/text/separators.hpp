// Separators of lines without quotes, a type for each length, so that the loops over bytes know what they look for.
#pragma once

#include <hwy/highway.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "odot/core/precision.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// Bytes that are compared at once.
inline constexpr std::size_t kBlock = 16;

/// Bit k says whether at[k] is `byte`, for a block.
inline std::uint32_t bits_where(const char* at, char byte) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::FixedTag<std::uint8_t, kBlock> bytes;
  const auto found = hn::Eq(hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(at)),
                            hn::Set(bytes, static_cast<std::uint8_t>(byte)));
  static_assert(std::endian::native == std::endian::little && kBlock == 16);
  std::uint8_t stored[8] = {};
  hn::StoreMaskBits(bytes, found, stored);
  std::uint16_t bits = 0;
  std::memcpy(&bits, stored, sizeof(bits));
  return bits;
}

/// What the last byte of one block of a line says to the next, and whether the blocks leave something open: 0 if not.
struct BlockState {
  std::uint32_t last_first = 0;
  std::uint32_t last = 0;
  std::uint32_t unclear = 0;
};

// Each says where a field starts, where it ends, how far it is to the next; whether one is at some place, of which two
// bytes can be read; and whether one at the end of a line begins no further field. next_fields() has a bit for each
// byte of a block at which another field is seen to begin, stops() one for each that ends the line or may be the start
// of a separator.

struct OneByte {
  char byte;
  static constexpr std::size_t size = 1;
  static constexpr bool may_trail = false;
  bool is_at(const char* at) const { return *at == byte; }
  static const char* start(const char* at, const char*) { return at; }
  const char* end(const char* at, const char* end) const {
    while (at != end && *at != byte) ++at;
    return at;
  }
  std::uint32_t next_fields(const char* block, BlockState&) const { return bits_where(block, byte); }
  std::uint32_t stops(const char* block) const { return bits_where(block, '\n') | bits_where(block, byte); }
};

struct TwoBytes {
  char first;
  char second;
  static constexpr std::size_t size = 2;
  static constexpr bool may_trail = false;
  bool is_at(const char* at) const { return at[0] == first && at[1] == second; }
  static const char* start(const char* at, const char*) { return at; }
  const char* end(const char* at, const char* end) const {
    for (; end - at > 1; ++at)
      if (at[0] == first && at[1] == second) return at;
    return end;
  }
  std::uint32_t next_fields(const char* block, BlockState& state) const {
    const std::uint32_t firsts = bits_where(block, first);
    const std::uint32_t pairs = bits_where(block, second) & (firsts << 1 | state.last_first);
    // In ":::" there is one separator, and which one depends on what is before it.
    state.unclear |= pairs & (pairs << 1 | state.last);
    state.last_first = firsts >> (kBlock - 1);
    state.last = pairs >> (kBlock - 1);
    return pairs;
  }
  std::uint32_t stops(const char* block) const { return bits_where(block, '\n') | bits_where(block, first); }
};

struct Blanks {
  static constexpr std::size_t size = 1;
  static constexpr bool may_trail = true;
  static bool is_at(const char* at) { return is_blank(*at); }
  static const char* start(const char* at, const char* end) {
    while (at != end && is_blank(*at)) ++at;
    return at;
  }
  static const char* end(const char* at, const char* end) {
    while (at != end && !is_blank(*at)) ++at;
    return at;
  }
  static std::uint32_t next_fields(const char* block, BlockState& state) {
    const std::uint32_t blanks = bits_where(block, ' ') | bits_where(block, '\t');
    const std::uint32_t after = blanks << 1 | state.last;
    const std::uint32_t returns = bits_where(block, '\r');
    // A carriage return after blanks mostly ends the line.
    state.unclear |= after & returns;
    state.last = blanks >> (kBlock - 1);
    return after & ~blanks & ((1U << kBlock) - 1);
  }
  static std::uint32_t stops(const char* block) {
    return bits_where(block, '\n') | bits_where(block, ' ') | bits_where(block, '\t');
  }
};

struct ManyBytes {
  std::string_view bytes;
  std::size_t size = bytes.size();
  static constexpr bool may_trail = false;
  static bool is_at(const char*) { return false; }  // seldom enough to leave its lines to the next path
  static const char* start(const char* at, const char*) { return at; }
  const char* end(const char* at, const char* end) const {
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    const std::size_t found = rest.find(bytes);
    return found == std::string_view::npos ? end : at + found;
  }
  static std::uint32_t next_fields(const char*, BlockState& state) {
    state.unclear = 1;
    return 0;
  }
  std::uint32_t stops(const char* block) const { return bits_where(block, '\n') | bits_where(block, bytes[0]); }
};

/// Where the text of a line ends that ends before `end`, but for '\n'.
inline const char* without_return(const char* begin, const char* end) {
  return end != begin && end[-1] == '\r' ? end - 1 : end;
}

/// How many fields come after the one that ends at `at`.
template <class Separator>
std::size_t count_fields(const char* at, const char* line_end, const Separator& separator) {
  std::size_t count = 0;
  while (at != line_end) {
    at = separator.start(at + separator.size, line_end);
    if (Separator::may_trail && at == line_end) break;
    ++count;
    at = separator.end(at, line_end);
  }
  return count;
}

/// What is after a field on the same line.
struct RestOfLine {
  const char* end;     // where '\n' is, or the end of the text
  std::size_t fields;  // how many more there are
};

template <class Separator>
RestOfLine rest_byte_by_byte(const char* at, const char* text_end, const Separator& separator) {
  const void* const newline = std::memchr(at, '\n', static_cast<std::size_t>(text_end - at));
  const char* const end = newline ? static_cast<const char*>(newline) : text_end;
  return {end, count_fields(at, without_return(at, end), separator)};
}

/// The line's end and the fields up to there are found in the same blocks, as most lines end in the first or second.
template <class Separator>
RestOfLine rest_of_line(const char* at, const char* text_end, const Separator& separator) {
  BlockState state;
  std::size_t fields = 0;
  for (const char* block = at; text_end - block >= static_cast<std::ptrdiff_t>(kBlock); block += kBlock) {
    const std::uint32_t newlines = bits_where(block, '\n');
    std::uint32_t begun = separator.next_fields(block, state);
    if (newlines != 0) begun &= ~newlines & (newlines - 1);
    // Faster than std::popcount() where the processor's instruction may not be used: nearly always there is one or
    // none.
    for (; begun != 0; begun &= begun - 1) ++fields;
    if (newlines == 0) continue;
    if (state.unclear != 0) break;
    return {block + std::countr_zero(newlines), fields};
  }
  return rest_byte_by_byte(at, text_end, separator);
}

/// Where a line ends that has one field after the separator at `at`: '\n'. Null where it may have another number of
/// them. Files with a column of times have such lines, and for them less is to be looked at than in rest_of_line().
template <class Separator>
const char* end_of_last_field(const char* at, const char* text_end, const Separator& separator) {
  const char* const field = at + separator.size;
  for (const char* block = field; text_end - block >= static_cast<std::ptrdiff_t>(kBlock); block += kBlock) {
    const std::uint32_t stops = separator.stops(block);
    if (stops == 0) continue;
    const char* const end = block + std::countr_zero(stops);
    // Of a separator at the end of a line, with or without a carriage return, nothing more begins.
    const bool may_be_none = Separator::may_trail && end - field < 2;
    return *end == '\n' && !may_be_none ? end : nullptr;
  }
  return nullptr;
}

}  // namespace odot::inline ODOT_PRECISION::reading
