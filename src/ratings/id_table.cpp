// The two-way map between ids and indices.
#include "odot/ratings/id_table.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kFirstBlock = std::size_t{1} << 12;
constexpr std::size_t kLargestBlock = std::size_t{1} << 20;

}  // namespace

IdTable::IdTable(std::string_view bytes, std::span<const Offset> offsets, std::shared_ptr<const void> storage)
    : packed_(new Packed{bytes, offsets, std::move(storage), {}}) {}

IdTable::IdTable(const IdTable& other) {
  if (other.packed_) {
    packed_.reset(new Packed{other.packed_->bytes, other.packed_->offsets, other.packed_->storage, {}});
  }
  ids_.reserve(other.ids_.size());
  index_.reserve(other.ids_.size());
  for (const std::string_view id : other.ids_) add(id);
}

IdTable& IdTable::operator=(const IdTable& other) {
  if (this != &other) *this = IdTable(other);
  return *this;
}

void IdTable::index_packed() const {
  if (!packed_) return;
  std::call_once(packed_->indexed, [this] {
    const Index count = packed_size();
    index_.reserve(count);
    for (Index index = 0; index < count; ++index) index_.emplace(packed_->id(index), index);
  });
}

Index IdTable::add(std::string_view id) {
  index_packed();
  if (const auto found = index_.find(id); found != index_.end()) return found->second;
  if (size() >= kUnknown)
    throw Error("found more than 4294967295 different ids, which is all that an index can tell apart");
  const Index index = size();
  const std::string_view kept = keep(id);
  ids_.push_back(kept);
  index_.emplace(kept, index);
  return index;
}

Index IdTable::find(std::string_view id) const {
  index_packed();
  const auto found = index_.find(id);
  return found == index_.end() ? kUnknown : found->second;
}

std::string_view IdTable::keep(std::string_view id) {
  if (blocks_.empty() || block_size_ - block_used_ < id.size()) {
    // Blocks double, so that a small table stays small and a large one needs few allocations.
    const std::size_t next = blocks_.empty() ? kFirstBlock : std::min(2 * block_size_, kLargestBlock);
    block_size_ = std::max(next, id.size());
    block_used_ = 0;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size_));
  }
  char* const target = blocks_.back().get() + block_used_;
  if (!id.empty()) std::memcpy(target, id.data(), id.size());
  block_used_ += id.size();
  return {target, id.size()};
}

}  // namespace odot::inline ODOT_PRECISION
