// Separators of lines without quotes, a type for each length, so that the loops over bytes know what they look for.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "odot/core/precision.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION::reading {

// Each says where a field starts, where it ends, how far it is to the next; whether one is at some place, of which two
// bytes can be read; and whether one at the end of a line begins no further field. far_end() is end() for fields that
// are not read, which may be long.

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
  const char* far_end(const char* at, const char* end) const {
    const void* const found = std::memchr(at, byte, static_cast<std::size_t>(end - at));
    return found ? static_cast<const char*>(found) : end;
  }
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
  const char* far_end(const char* at, const char* line_end) const { return end(at, line_end); }
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
  static const char* far_end(const char* at, const char* line_end) { return end(at, line_end); }
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
  const char* far_end(const char* at, const char* line_end) const { return end(at, line_end); }
};

/// How many fields come after the one that ends at `at`.
template <class Separator>
std::size_t count_fields(const char* at, const char* line_end, const Separator& separator) {
  std::size_t count = 0;
  while (at != line_end) {
    at = separator.start(at + separator.size, line_end);
    if (Separator::may_trail && at == line_end) break;
    ++count;
    at = separator.far_end(at, line_end);
  }
  return count;
}

}  // namespace odot::inline ODOT_PRECISION::reading
