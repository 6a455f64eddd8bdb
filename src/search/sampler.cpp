// Random points, and Sobol's with a digital shift.
#include "odot/search/sampler.hpp"

#include <boost/random/sobol.hpp>
#include <cmath>
#include <optional>

#include "odot/core/error.hpp"
#include "odot/core/random.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::uint64_t kPointStream = 0x706f696e7473;  // "points"
constexpr std::uint64_t kShiftStream = 0x7368696674;    // "shift"
constexpr std::size_t kMostDimensions = 1000;

}  // namespace

struct PointSampler::Implementation {
  std::size_t dimensions;
  RandomStream points;
  std::vector<std::uint64_t> shift;
  std::optional<boost::random::sobol> sobol;
  std::uint64_t drawn = 0;
};

PointSampler::PointSampler(SamplerKind kind, std::size_t dimensions, std::uint64_t seed)
    : implementation_(std::make_unique<Implementation>(Implementation{
          dimensions, RandomStream(seed, kPointStream), std::vector<std::uint64_t>(dimensions, 0), {}})) {
  if (dimensions > kMostDimensions) throw Error("a search can have at most 1000 options", ErrorKind::usage);
  if (kind == SamplerKind::random || dimensions == 0) return;
  implementation_->sobol.emplace(dimensions);
  const RandomStream random(seed, kShiftStream);
  for (std::size_t k = 0; k < dimensions; ++k) implementation_->shift[k] = random.bits(k);
}

PointSampler::~PointSampler() = default;
PointSampler::PointSampler(PointSampler&&) noexcept = default;

std::vector<double> PointSampler::next() {
  Implementation& it = *implementation_;
  std::vector<double> point(it.dimensions);
  for (std::size_t k = 0; k < it.dimensions; ++k) {
    if (!it.sobol) {
      point[k] = it.points.uniform(it.drawn++);
      continue;
    }
    // The upper 53 bits, as many as a double has.
    point[k] = static_cast<double>(((*it.sobol)() ^ it.shift[k]) >> 11) * 0x1p-53;
  }
  return point;
}

}  // namespace odot::inline ODOT_PRECISION
