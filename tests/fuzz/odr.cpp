// Fuzzes the reader of .odr files. Checksums would stop nearly every change at the door, so the input is a recipe: how
// many there are of what, bytes to fill the parts with, and changes to any byte of the file, after which the checksums
// are computed anew.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>

#include "bytes.hpp"
#include "kernels/masked_gradient.hpp"
#include "memory_file.hpp"
#include "odot/core/error.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factor_layout.hpp"
#include "odot/ratings/odr.hpp"
#include "ratings/odr/format.hpp"

namespace odot {
namespace {

using namespace odr;
using fuzz::Bytes;

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;

struct Change {
  std::size_t section;  // kSections stands for the header
  std::size_t position;
  char byte;
};

class Recipe {
 public:
  explicit Recipe(Bytes input) : input_(input) {}

  std::string file() {
    read_counts();
    bytes_.assign(header_.file_size, '\0');
    fill();
    for (const Change& change : changes_) {
      if (change.section < kSections) put(change);
    }
    std::memcpy(bytes_.data(), &header_, sizeof(Header));
    for (const Change& change : changes_) {
      if (change.section == kSections) bytes_[change.position % sizeof(Header)] = change.byte;
    }
    std::memcpy(&header_, bytes_.data(), sizeof(Header));
    if (recount_) lay_out(header_);
    if (recount_ && header_.file_size <= kMostBytes) bytes_.resize(std::max(header_.file_size, sizeof(Header)));
    add_checksums();
    if (cut_ != 0) bytes_.resize(cut_ % 2 ? bytes_.size() - std::min(bytes_.size(), cut_) : bytes_.size() + cut_);
    return std::move(bytes_);
  }

 private:
  void read_counts() {
    const unsigned flags = input_.byte();
    recount_ = flags & 2;
    header_.users = input_.byte();
    header_.items = input_.byte();
    header_.ratings = input_.two() % 2048;
    header_.sections[kUserIds].size = input_.two() % 2048;
    header_.sections[kItemIds].size = input_.two() % 2048;
    header_.value_bytes = flags & 1 ? sizeof(Real) : 1;
    header_.table_size = flags & 1 ? 0 : input_.byte() + 1u;
    for (double* number : {&header_.mean, &header_.deviation, &header_.lowest, &header_.highest}) *number = half();
    for (std::size_t k = 0; k < header_.table_size; ++k) header_.table[k] = static_cast<double>(k) / 2;
    if (flags & 4) cut_ = input_.two();
    lay_out(header_);
    changes_.resize(flags >> 3);
    for (Change& change : changes_) {
      change.section = input_.byte() % (kSections + 1);
      change.position = input_.two();
      change.byte = static_cast<char>(input_.byte());
    }
  }

  double half() { return static_cast<double>(input_.byte()) / 2; }

  template <class T>
  std::span<T> section(Section which) {
    const Extent& extent = header_.sections[which];
    return {reinterpret_cast<T*>(bytes_.data() + extent.begin), extent.size / sizeof(T)};
  }

  // What a file may well hold; whatever it must not hold comes by the changes.
  void fill() {
    for (const Section which : {kUserIds, kItemIds}) {
      for (char& byte : section<char>(which)) byte = static_cast<char>(input_.byte());
    }
    fill_offsets(kUserIdOffsets, header_.sections[kUserIds].size);
    fill_offsets(kItemIdOffsets, header_.sections[kItemIds].size);
    fill_offsets(kUserOffsets, header_.ratings);
    fill_offsets(kItemOffsets, header_.ratings);
    fill_indices(kUserOffsets, kUserIndices);
    fill_indices(kItemOffsets, kItemIndices);
    for (const Section which : {kUserValues, kItemValues}) {
      if (header_.table_size > 0) {
        for (std::uint8_t& code : section<std::uint8_t>(which)) {
          code = static_cast<std::uint8_t>(input_.byte() % header_.table_size);
        }
      } else {
        for (Real& value : section<Real>(which)) value = static_cast<Real>(half());
      }
    }
  }

  void fill_offsets(Section which, Offset end) {
    const std::span<Offset> offsets = section<Offset>(which);
    for (std::size_t k = 1; k < offsets.size(); ++k) offsets[k] = std::min(end, offsets[k - 1] + input_.byte());
    offsets.back() = end;
  }

  void fill_indices(Section rows, Section which) {
    const std::span<const Offset> offsets = section<Offset>(rows);
    const std::span<Index> indices = section<Index>(which);
    for (std::size_t row = 0; row + 1 < offsets.size(); ++row) {
      Index next = 0;
      for (Offset k = offsets[row]; k < offsets[row + 1]; ++k) {
        indices[k] = next + input_.byte() % 4;
        next = indices[k] + 1;
      }
    }
  }

  // Into the section, or into the space behind it.
  void put(const Change& change) {
    const Extent& extent = header_.sections[change.section];
    const std::size_t room = (extent.size + odr::kAlignment) / odr::kAlignment * odr::kAlignment;
    const std::size_t at = extent.begin + change.position % room;
    if (at < bytes_.size()) bytes_[at] = change.byte;
  }

  // Of everything that is within the file, wherever the header says that it is.
  void add_checksums() {
    const auto lies_within = [&](const Extent& extent) {
      return extent.begin <= bytes_.size() && extent.size <= bytes_.size() - extent.begin;
    };
    std::array<std::uint64_t, 4> sums{};
    std::size_t next = 0;
    for (const Section which : {kUserIndices, kUserValues, kItemIndices, kItemValues}) {
      const Extent& extent = header_.sections[which];
      if (lies_within(extent)) sums[next] = checksum(bytes_.data() + extent.begin, extent.size);
      ++next;
    }
    const Extent& chunk_sums = header_.sections[kChunkSums];
    if (lies_within(chunk_sums)) {
      std::memcpy(bytes_.data() + chunk_sums.begin, sums.data(), std::min<std::size_t>(chunk_sums.size, sizeof sums));
    }
    for (const Section which :
         {kUserIds, kUserIdOffsets, kItemIds, kItemIdOffsets, kUserOffsets, kItemOffsets, kChunkSums}) {
      Extent& extent = header_.sections[which];
      if (lies_within(extent)) extent.checksum = checksum(bytes_.data() + extent.begin, extent.size);
    }
    header_.checksum = checksum(header_);
    std::memcpy(bytes_.data(), &header_, sizeof(Header));
  }

  Bytes input_;
  Header header_;
  std::string bytes_;
  std::vector<Change> changes_;
  bool recount_ = false;  // lay_out() after the changes, as if its counts had been meant
  std::size_t cut_ = 0;   // an odd number of bytes to cut off, or an even one to add
};

void check_side(const RatingSide& side) {
  side.read(0, side.size(), [&] {
    for (Index row = 0; row < side.rows(); ++row) {
      for (Offset k = side.offsets[row]; k < side.offsets[row + 1]; ++k) {
        fuzz::expect(side.indices[k] < side.columns, "an index is too large");
        fuzz::expect(k == side.offsets[row] || side.indices[k - 1] < side.indices[k], "indices do not ascend");
        fuzz::expect(side.values[k] - side.values[k] == 0, "a rating is not finite");
      }
    }
  });
}

void check_ids(const IdTable& ids) {
  for (Index k = 0; k < ids.size(); ++k) {
    const Index found = ids.find(ids[k]);
    fuzz::expect(found <= k && ids[found] == ids[k], "an id is not found");
  }
}

// One pass over each side, as training does.
void pass(const RatingMatrix& matrix) {
  const FactorLayout layout{matrix.users(), matrix.items(), 2, true};
  const Vector theta(layout.size(), Real(0.5));
  Vector gradient(layout.size());
  const std::size_t v = layout.item_row(0);
  MaskedGradient by_user(matrix.by_user(), layout.stride());
  MaskedGradient by_item(matrix.by_item(), layout.stride());
  by_user(theta.data(), theta.data() + v, {1, 0, layout.user_pin()}, gradient.data());
  by_item(theta.data() + v, theta.data(), {1, 0, layout.item_pin()}, gradient.data() + v);
}

void use(RatingData data) {
  // The range goes into models; an odd mean or deviation only makes training diverge.
  const ValueSummary& summary = data.ratings.summary();
  fuzz::expect(std::isfinite(summary.lowest) && std::isfinite(summary.highest),
               "the range of the ratings is not finite");
  fuzz::expect(data.users.size() == data.ratings.users() && data.items.size() == data.ratings.items(),
               "ids are missing");
  check_ids(data.users);
  check_ids(data.items);
  // The first reading is a pass's, as in training.
  pass(data.ratings);
  data.ratings.subtract(1);
  for (const RatingSide& side : {data.ratings.by_user(), data.ratings.by_item()}) check_side(side);
  pass(data.ratings);
  verify_rest(data.ratings);
}

}  // namespace
}  // namespace odot

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot;
  static const fuzz::MemoryFile file;
  const bool little_memory = size > 0 && data[size - 1] & 1;
  file.write(Recipe({data, size}).file());
  try {
    use(open_odr(file.path(), little_memory ? 0 : std::size_t{1} << 40));
    RatingList list = read_odr(file.path());
    const std::size_t count = list.ratings.size();
    const RatingMatrix matrix(list.users.size(), list.items.size(), std::move(list.ratings));
    fuzz::expect(matrix.size() == count, "the matrix has lost ratings");
  } catch (const Error&) {
  }
  return 0;
}
