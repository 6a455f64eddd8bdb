// The ids that one piece of text is the first to have, numbered by first appearance in it.
#pragma once

#include <tsl/robin_map.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// Ids without NUL bytes. Short ones are looked up as one integer, which needs no memory access but the table's.
class LocalIds {
 public:
  /// `id` must stay where it is; its bytes are not copied.
  Index add(std::string_view id) {
    if (id.empty() || id.size() > kShort) return add_long(id);
    const std::uint64_t key = pack(id.data(), id.size());
    if (key == last_key_) return last_;
    const auto [found, is_new] = short_.try_emplace(key, static_cast<Index>(ids_.size()));
    if (is_new) ids_.push_back(id);
    last_key_ = key;
    last_ = found->second;
    return last_;
  }

  /// The same for an id whose bytes do not stay.
  Index add_copy(const std::string& id) {
    const std::size_t before = ids_.size();
    const Index index = add(id);
    if (ids_.size() > before) {
      copies_.push_back(id);
      replace(copies_.back());
    }
    return index;
  }

  const std::vector<std::string_view>& ids() const { return ids_; }

  void clear() {
    if (!ids_.empty()) *this = {};
  }

 private:
  static constexpr std::size_t kShort = sizeof(std::uint64_t);

  /// The bytes of a short id as one number, without a copy of variable length. Loads overlap, but agree where they do.
  static std::uint64_t pack(const char* bytes, std::size_t size) {
    static_assert(std::endian::native == std::endian::little);
    if (size >= 4) {
      std::uint32_t head = 0;
      std::uint32_t tail = 0;
      std::memcpy(&head, bytes, 4);
      std::memcpy(&tail, bytes + size - 4, 4);
      return head | std::uint64_t{tail} << 8 * (size - 4);
    }
    const auto byte = [bytes](std::size_t at) {
      return std::uint64_t{static_cast<unsigned char>(bytes[at])} << 8 * at;
    };
    return byte(0) | byte(size / 2) | byte(size - 1);
  }

  struct Hash {
    std::size_t operator()(std::uint64_t key) const {
      key *= 0x9e3779b97f4a7c15u;
      return key ^ key >> 32;
    }
  };

  Index add_long(std::string_view id) {
    const auto [found, is_new] = long_.try_emplace(id, static_cast<Index>(ids_.size()));
    if (is_new) ids_.push_back(id);
    return found->second;
  }

  /// Points the newest id at `copy`, which has the same bytes.
  void replace(std::string_view copy) {
    if (copy.size() > kShort) {
      long_.erase(ids_.back());
      long_.emplace(copy, static_cast<Index>(ids_.size() - 1));
    }
    ids_.back() = copy;
  }

  std::uint64_t last_key_ = 0;  // 0 is the key of no id
  Index last_ = 0;
  std::vector<std::string_view> ids_;
  tsl::robin_map<std::uint64_t, Index, Hash> short_;
  tsl::robin_map<std::string_view, Index> long_;
  std::deque<std::string> copies_;
};

}  // namespace odot::inline ODOT_PRECISION::reading
