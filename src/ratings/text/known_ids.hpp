// The ids of all files so far, which many threads look up while they parse.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/ratings/id_table.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// The number that `id` spells without sign or leading zeros, in at most eight digits; kNoNumber for any other id.
inline constexpr std::uint32_t kNoNumber = 0xffffffff;
inline std::uint32_t number_of(std::string_view id) {
  if (id.empty() || id.size() > 8 || (id[0] == '0' && id.size() > 1)) return kNoNumber;
  std::uint32_t number = 0;
  for (const char c : id) {
    if (c < '0' || c > '9') return kNoNumber;
    number = 10 * number + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

/// A short cut into an IdTable for ids that are small numbers.
class KnownIds {
 public:
  /// `table` is empty, and only add() changes it.
  explicit KnownIds(IdTable& table) : table_(table) {}

  /// The index of the id that spells `number`, or kUnknown: it may be in the table all the same.
  Index find_number(std::uint32_t number) const { return number < by_number_.size() ? by_number_[number] : kUnknown; }

  /// The index of `id`, or kUnknown.
  Index find(std::string_view id) const { return table_.size() == 0 ? kUnknown : table_.find(id); }

  Index add(std::string_view id) {
    const Index before = table_.size();
    const Index index = table_.add(id);
    if (index < before) return index;
    if (const std::uint32_t number = number_of(id); number != kNoNumber) {
      if (number >= by_number_.size()) widen(number);
      if (number < by_number_.size()) by_number_[number] = index;
    }
    return index;
  }

  Index size() const { return table_.size(); }

 private:
  // Room for this many numbers an id, and at first for so many.
  static constexpr std::size_t kSparsest = 8;
  static constexpr std::size_t kFirst = std::size_t{1} << 12;

  /// Makes room for `number`, unless ids are so few that most of it would stay empty.
  void widen(std::uint32_t number) {
    const std::size_t size = std::bit_ceil(std::size_t{number} + 1);
    if (size > kFirst && size > 2 * kSparsest * table_.size()) return;
    const std::size_t before = by_number_.size();
    by_number_.resize(size, kUnknown);
    for (Index index = 0; index < table_.size(); ++index) {
      const std::uint32_t known = number_of(table_[index]);
      if (known >= before && known < size) by_number_[known] = index;
    }
  }

  IdTable& table_;
  std::vector<Index> by_number_;
};

}  // namespace odot::inline ODOT_PRECISION::reading
