// Counter-based random numbers.
#include "odot/core/random.hpp"

#include <cmath>
#include <numbers>

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

double to_unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::uint64_t stream)
    : key_(mix(mix(seed + kGolden) ^ (stream + 1) * kGolden)) {}

std::uint64_t RandomStream::bits(std::uint64_t position) const { return mix(key_ + (position + 1) * kGolden); }

double RandomStream::uniform(std::uint64_t position) const { return to_unit(bits(position)); }

double RandomStream::normal(std::uint64_t position) const {
  const std::uint64_t first = bits(position);
  // A second, independent mix of the same draw: normals at neighbouring positions share nothing.
  const std::uint64_t second = mix(first ^ key_ ^ kGolden);
  const double radius = std::sqrt(-2 * std::log(1 - to_unit(first)));
  return radius * std::cos(2 * std::numbers::pi * to_unit(second));
}

}  // namespace odot::inline ODOT_PRECISION
