// Reading mapped ratings: verified when they are read first, and no more of them in memory than there is room for.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/input_file.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION::odr {

/// Where one orientation's ratings are mapped.
struct MappedSide {
  std::string name;  ///< of the file, for messages
  const InputFile* file = nullptr;
  const char* base = nullptr;  ///< where the file's first byte is mapped
  std::span<const Offset> offsets;
  std::span<const Index> indices;
  const char* values = nullptr;
  std::size_t value_bytes = 1;
  std::size_t table_size = 0;                      ///< codes are below this; 0 without codes
  Real lowest = 0;                                 ///< no value without a code is less,
  Real highest = 0;                                ///< and none is more
  Index columns = 0;                               ///< indices are below this
  std::span<const std::uint64_t> index_checksums;  ///< a chunk each
  std::span<const std::uint64_t> value_checksums;
};

/// Verifies each chunk once, before its ratings are read first, and asks the system for the next ones beforehand. Where
/// the file does not fit the memory, its first chunks stay there; of the others each is given back as soon as all of
/// its ratings have been read. A pass then reads from the disk only what there is no room for, where the system's own
/// choice, to give back what was not used for longest, would make it read everything.
class Pager : public RatingPager {
 public:
  /// The share of the chunks, from the first on, that is to stay in memory: 1 for all.
  Pager(MappedSide side, double kept_share);

  void before(Offset begin, Offset end) override;
  void after(Offset begin, Offset end) override;

  /// Verifies what has not been read yet, and that the file is still what was verified. Throws Error.
  void verify_rest();

 private:
  enum State : std::uint8_t { kNew, kBusy, kGood, kBad };

  bool is_good(std::size_t chunk) const { return states_[chunk].load(std::memory_order_acquire) == kGood; }
  void make_good(std::size_t chunk);
  bool claim(std::size_t chunk);
  void verify_claimed(std::size_t chunk);
  const char* find_fault(std::size_t chunk) const;
  void read_ahead(std::size_t chunk);
  void give_back(std::size_t chunk) const;

  template <class Advise>
  void for_each_part(std::size_t first, std::size_t end, Advise advise) const;

  MappedSide side_;
  std::size_t chunks_;
  std::size_t kept_;                                     // the first chunks, which stay in memory
  std::unique_ptr<std::atomic<std::uint8_t>[]> states_;  // by chunk
  std::unique_ptr<std::atomic<Offset>[]> read_;          // by chunk: how many of its ratings were read since it came
  std::atomic<std::size_t> ahead_ = 0;                   // up to where chunks have been asked for
};

}  // namespace odot::inline ODOT_PRECISION::odr
