// The two-way map between the ids of a file and the indices that the solver works with.
#pragma once

#include <tsl/robin_map.h>

#include <memory>
#include <string_view>
#include <vector>

#include "odot/core/types.hpp"

namespace odot {

/// Ids are any byte strings; indices count from 0 in order of first addition. Look-ups both ways are O(1).
class IdTable {
 public:
  IdTable() = default;
  IdTable(const IdTable& other);
  IdTable& operator=(const IdTable& other);
  IdTable(IdTable&&) noexcept = default;
  IdTable& operator=(IdTable&&) noexcept = default;
  ~IdTable() = default;

  /// The index of `id`, which is added where it is new. Throws Error at 2^32 − 1 ids.
  Index add(std::string_view id);

  /// The index of `id`, or kUnknown.
  Index find(std::string_view id) const;

  /// The id of `index`; valid as long as this table.
  std::string_view operator[](Index index) const { return ids_[index]; }

  Index size() const { return static_cast<Index>(ids_.size()); }

 private:
  std::string_view keep(std::string_view id);  // copies the bytes to storage that never moves

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_used_ = 0;
  std::size_t block_size_ = 0;
  std::vector<std::string_view> ids_;
  tsl::robin_map<std::string_view, Index> index_;
};

}  // namespace odot
