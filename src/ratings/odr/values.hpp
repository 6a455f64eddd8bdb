// The values of an .odr file that is being written, before it is known whether they are few.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_list.hpp"
#include "ratings/odr/mapped_bytes.hpp"
#include "ratings/value_codes.hpp"

namespace odot::inline ODOT_PRECISION::odr {

/// Keeps values in a temporary file: as codes while there are at most ValueCodes::kMost different ones, else as they
/// are. New values change the codes of those before, so each stretch of the file has the table it was written with.
class ValueSpill {
 public:
  explicit ValueSpill(const std::string& beside) : beside_(beside), file_(std::make_unique<SpillFile>(beside)) {}

  void append(std::span<const Real> values);

  bool coded() const { return coded_; }
  /// Ascending; empty when the values are not coded.
  std::vector<Real> table() const;
  std::size_t value_bytes() const { return coded_ ? 1 : sizeof(Real); }

  /// Calls write(bytes) with all that was appended, in order, as codes of table() or as values; returns their summary.
  ValueSummary read_back(const std::function<void(std::string_view)>& write) const;

 private:
  struct Stretch {
    std::size_t begin;
    std::vector<Real> table;
  };

  bool learn(std::span<const Real> values);
  void give_up_codes();
  std::size_t stretch_end(std::size_t stretch) const;

  std::string beside_;
  std::unique_ptr<SpillFile> file_;
  std::size_t count_ = 0;
  bool coded_ = true;
  ValueSet known_;
  std::optional<ValueCodes> codes_;  // of known_
  std::vector<Stretch> stretches_;
};

}  // namespace odot::inline ODOT_PRECISION::odr
