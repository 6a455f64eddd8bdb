// One-byte codes for ratings of few different values.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION {

/// A table of at most 256 values and the code of each, which is its position in the table.
class ValueCodes {
 public:
  static constexpr std::size_t kMost = 256;

  /// Of `values`, which are ascending, different and at most kMost.
  explicit ValueCodes(std::vector<Real> values);

  /// Of the different values among `values`; nothing when there are more than kMost. 0 and −0 are one value.
  static std::optional<ValueCodes> find(const std::vector<Real>& values);

  const std::vector<Real>& values() const { return values_; }

  /// The code of `value`, which is in the table.
  std::uint8_t operator()(Real value) const {
    std::size_t slot = slot_of(value);
    while (slots_[slot].value != value) slot = (slot + 1) % kSlots;
    return slots_[slot].code;
  }

 private:
  struct Slot {
    Real value = 0;
    std::uint8_t code = 0;
    bool used = false;
  };
  static constexpr std::size_t kSlots = 1024;

  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  static std::size_t slot_of(Real value) {
    const std::uint64_t bits = std::bit_cast<Bits>(value + Real{0});  // −0 + 0 is 0
    return static_cast<std::size_t>(bits * 0x9e3779b97f4a7c15u >> 54);
  }

  friend class ValueSet;
  std::vector<Real> values_;
  std::array<Slot, kSlots> slots_{};
};

/// Different values, as long as there are at most ValueCodes::kMost of them.
class ValueSet {
 public:
  /// False once there are too many.
  bool add(Real value) {
    std::size_t slot = ValueCodes::slot_of(value);
    while (slots_[slot].used) {
      if (slots_[slot].value == value) return true;
      slot = (slot + 1) % ValueCodes::kSlots;
    }
    if (values_.size() == ValueCodes::kMost) return false;
    slots_[slot] = {value, 0, true};
    values_.push_back(value + Real{0});
    return true;
  }

  /// The same for all of `values`, in parallel.
  bool add(std::span<const Real> values);

  const std::vector<Real>& values() const { return values_; }

 private:
  std::vector<Real> values_;
  std::array<ValueCodes::Slot, ValueCodes::kSlots> slots_{};
};

}  // namespace odot::inline ODOT_PRECISION
