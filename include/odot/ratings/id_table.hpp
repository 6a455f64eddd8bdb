// The two-way map between the ids of a file and the indices that the solver works with.
#pragma once

#include <tsl/robin_map.h>

#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Ids are any byte strings; indices count from 0 in order of first addition. Look-ups both ways are O(1).
class IdTable {
 public:
  IdTable() = default;
  /// Of different ids that lie one after another in `bytes`, number k at [offsets[k], offsets[k+1]); `storage` keeps
  /// both. Takes no time: the ids are not looked at before the first find() or add().
  IdTable(std::string_view bytes, std::span<const Offset> offsets, std::shared_ptr<const void> storage);
  IdTable(const IdTable& other);
  IdTable& operator=(const IdTable& other);
  IdTable(IdTable&&) noexcept = default;
  IdTable& operator=(IdTable&&) noexcept = default;
  ~IdTable() = default;

  /// The index of `id`, which is added where it is new. Throws Error at 2^32 − 1 ids.
  Index add(std::string_view id);

  /// The index of `id`, or kUnknown. Many threads may call it at once.
  Index find(std::string_view id) const;

  /// The id of `index`; valid as long as this table.
  std::string_view operator[](Index index) const {
    const Index packed = packed_size();
    return index < packed ? packed_->id(index) : ids_[index - packed];
  }

  Index size() const { return packed_size() + static_cast<Index>(ids_.size()); }

 private:
  // The first ids of a table that was made from packed ones.
  struct Packed {
    std::string_view bytes;
    std::span<const Offset> offsets;
    std::shared_ptr<const void> storage;
    std::once_flag indexed;  // whether index_ has them

    std::string_view id(Index index) const { return bytes.substr(offsets[index], offsets[index + 1] - offsets[index]); }
  };

  Index packed_size() const { return packed_ ? static_cast<Index>(packed_->offsets.size() - 1) : 0; }
  void index_packed() const;
  std::string_view keep(std::string_view id);  // copies the bytes to storage that never moves

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_used_ = 0;
  std::size_t block_size_ = 0;
  std::unique_ptr<Packed> packed_;
  std::vector<std::string_view> ids_;  // those after the packed ones
  mutable tsl::robin_map<std::string_view, Index> index_;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
