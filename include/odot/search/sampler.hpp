// Points in the unit cube, for a search.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

enum class SamplerKind {
  random,  ///< independent and uniform
  sobol,   ///< Sobol's sequence (Sobol 1967; direction numbers of Joe & Kuo 2008), with random bits added to the
           ///< digits of each coordinate modulo 2 (a digital shift), which leaves the points as evenly spread
};

/// A sequence of points that depends on the arguments alone.
class PointSampler {
 public:
  /// At most 1000 dimensions. Throws Error.
  PointSampler(SamplerKind kind, std::size_t dimensions, std::uint64_t seed);
  ~PointSampler();
  PointSampler(PointSampler&&) noexcept;

  /// The next point, with coordinates in [0, 1).
  std::vector<double> next();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
