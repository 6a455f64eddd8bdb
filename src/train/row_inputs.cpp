// Features in the order of the ratings' ids.
#include "train/row_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {

RowInputs row_inputs(std::optional<FeatureTable>& features, const IdTable& ids, const RatingSide& side,
                     const char* what) {
  if (!features) return {};
  const FeatureTable table = std::move(*features);
  features.reset();
  RowInputs out{table.encoding, table.encoding.inputs(), {}, {}, {}};
  const std::size_t width = out.width;
  if (width == 0) throw Error(fmt::format("{}: found no feature that could be an input", table.path));
  out.rows.resize(side.rows() * width);
  std::vector<Index> unknown;
  std::vector<double> sums(width);
  double count = 0;
  for (Index row = 0; row < side.rows(); ++row) {
    if (side.count(row) == 0) out.unrated.push_back(row);
    const Index line = table.ids.find(ids[row]);
    if (line == kUnknown) {
      unknown.push_back(row);
      continue;
    }
    const Real* inputs = table.inputs.data() + line * width;
    std::copy_n(inputs, width, out.rows.data() + row * width);
    if (side.count(row) == 0) continue;
    ++count;
    for (std::size_t k = 0; k < width; ++k) sums[k] += static_cast<double>(inputs[k]);
  }
  if (count == 0) {
    throw Error(
        fmt::format("none of the {0}s of the ratings has features in {1}: its first id is '{2}', that of the "
                    "ratings '{3}'",
                    what, table.path, table.ids.size() > 0 ? table.ids[0] : "", ids.size() > 0 ? ids[0] : ""));
  }
  for (const double sum : sums) out.means.push_back(static_cast<Real>(sum / count));
  for (const Index row : unknown) std::ranges::copy(out.means, out.rows.data() + row * width);
  return out;
}

}  // namespace odot::inline ODOT_PRECISION
