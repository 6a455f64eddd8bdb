// Normals and gamma variates.
#include "train/posterior/draws.hpp"

#include <boost/random/normal_distribution.hpp>
#include <cmath>

namespace odot::inline ODOT_PRECISION {

double Draws::gamma(double shape) {
  // A gamma of shape + 1 times U^(1/shape).
  if (shape < 1) {
    const double larger = gamma(shape + 1);
    return larger * std::pow(1 - uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - uniform()) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
  }
}

double Draws::normal() { return boost::random::normal_distribution<double>()(*this); }

}  // namespace odot::inline ODOT_PRECISION
