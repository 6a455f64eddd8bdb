// Probabilities of ratings' values, and links in files.
#include "model/kinds/ordinal_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "kernels/normal_interval.hpp"
#include "model/kinds/latent_variances.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/pair_loops.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr const char* kValues = "rating_values";
constexpr const char* kCuts = "cut_points";

// Calls body(k, p of pair k's values) for all pairs, in parallel.
template <class Body>
void for_pairs(const Factorization& model, const Triples& pairs, Body&& body) {
  const VectorChunks chunks(pairs.size());
  const std::size_t count = model.link->values.size();
  const FactorView view = model.view();
  const LatentVariances variances(view);
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    check_pairs(pairs, chunks.begin(chunk), chunks.end(chunk), model.layout.users, model.layout.items);
    std::array<double, kMostRatingValues> p{};
    const std::span<double> of_pair = std::span(p).first(count);
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) {
      model.link->probabilities(view.latent(pairs.user[k], pairs.item[k]), variances(pairs.user[k], pairs.item[k]),
                                of_pair);
      body(k, std::span<const double>(of_pair));
    }
  });
}

bool ascends(const Vector& all) {
  return std::ranges::adjacent_find(all, [](Real a, Real b) { return !(a < b); }) == all.end();
}

}  // namespace

std::size_t nearest_value(ConstSpan values, double rating) {
  const auto above = std::ranges::lower_bound(values, static_cast<Real>(rating));
  if (above == values.begin()) return 0;
  const auto place = static_cast<std::size_t>(above - values.begin());
  if (above == values.end()) return place - 1;
  return static_cast<double>(*above) - rating < rating - static_cast<double>(values[place - 1]) ? place : place - 1;
}

// Each from the side of it that is nearer, so that small ones are exact, too.
void OrdinalLink::probabilities(double latent, double variance, std::span<double> out) const {
  const double scale = 1 / std::sqrt(1 + variance);
  double below = 0;
  double above = 1;
  for (std::size_t k = 0; k < cuts.size(); ++k) {
    const double at = (static_cast<double>(cuts[k]) - latent) * scale;
    const double below_here = normal_share_below(at);
    const double above_here = normal_share_below(-at);
    out[k] = at < 0 ? below_here - below : above - above_here;
    below = below_here;
    above = above_here;
  }
  out[cuts.size()] = above;
}

double OrdinalLink::mean(double latent, double variance) const {
  std::array<double, kMostRatingValues> p{};
  const std::span<double> all = std::span(p).first(values.size());
  probabilities(latent, variance, all);
  return mean_of(values, all);
}

double mean_of(ConstSpan values, std::span<const double> p) {
  const auto first = static_cast<double>(values.front());
  double mean = first;
  for (std::size_t k = 1; k < p.size(); ++k) mean += p[k] * (static_cast<double>(values[k]) - first);
  return std::min(mean, static_cast<double>(values.back()));
}

double deviation_of(ConstSpan values, std::span<const double> p) {
  const double mean = mean_of(values, p);
  double variance = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const double error = static_cast<double>(values[k]) - mean;
    variance += p[k] * error * error;
  }
  return std::sqrt(variance);
}

std::string fault_of(const OrdinalLink& link) {
  const std::size_t count = link.values.size();
  if (count < 2 || count > kMostRatingValues)
    return fmt::format("it has {} values, not 2 to {}", count, kMostRatingValues);
  if (link.cuts.size() != count - 1) return fmt::format("it has {} cut points for {} values", link.cuts.size(), count);
  if (!all_finite(link.values) || !ascends(link.values)) return "its values do not ascend";
  if (!all_finite(link.cuts) || !ascends(link.cuts)) return "its cut points do not ascend";
  return {};
}

void add_link(const OrdinalLink& link, std::vector<safetensors::Output>& tensors) {
  tensors.push_back(column_tensor(kValues, link.values.data(), link.values.size(), 1));
  tensors.push_back(column_tensor(kCuts, link.cuts.data(), link.cuts.size(), 1));
}

std::optional<OrdinalLink> read_link(ModelReader& file) {
  if (!file.has_tensor(kValues)) return std::nullopt;
  OrdinalLink link;
  for (const auto& [name, to] : {std::pair(kValues, &link.values), std::pair(kCuts, &link.cuts)}) {
    const safetensors::Input tensor = file.take(name, 1);
    if (tensor.shape[0] > kMostRatingValues) {
      file.fail(
          fmt::format("the tensor \"{}\" has {} elements, more than {}", name, tensor.shape[0], kMostRatingValues));
    }
    to->resize(tensor.shape[0]);
    file.copy_rows(name, tensor, to->size(), 1, to->data(), 1);
  }
  const std::string fault = fault_of(link);
  if (!fault.empty()) file.fail(fmt::format("its tensors \"{}\" and \"{}\" are no link: {}", kValues, kCuts, fault));
  return link;
}

void probabilities(const Factorization& model, const Triples& pairs, std::span<double> out) {
  for_pairs(model, pairs, [&](std::size_t k, std::span<const double> p) {
    std::ranges::copy(p, out.begin() + static_cast<std::ptrdiff_t>(k * p.size()));
  });
}

void link_deviations(const Factorization& model, const Triples& pairs, std::span<double> out) {
  for_pairs(model, pairs,
            [&](std::size_t k, std::span<const double> p) { out[k] = deviation_of(model.link->values, p); });
}

}  // namespace odot::inline ODOT_PRECISION
