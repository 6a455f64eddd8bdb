// BFGS with a dense inverse Hessian (document, algorithm 12; Nocedal & Wright 2006, section 6.1):
//   p_t = −H_{t−1} g_t,   s = θ_t − θ_{t−1},   y = g_{t+1} − g_t,
//   H_t = H_{t−1} + (sᵀy + yᵀHy) s sᵀ / (sᵀy)² − (H y sᵀ + s yᵀ H) / sᵀy,   H_0 = I.
// An update whose sᵀy is not positive would lose positive definiteness and is skipped.
#pragma once

#include <vector>

#include "odot/optim/direction.hpp"

namespace odot {

class Bfgs : public Direction {
 public:
  struct Settings {};
  static constexpr std::size_t kLargest = 5000;  ///< variables: H takes 200 MB

  explicit Bfgs(const Settings&) {}

  /// Throws Error for more than kLargest variables.
  void reset(std::size_t n) override;
  void next(const Iterate* previous, const Iterate& current, Span d) override;
  bool unit_step() const override { return true; }

 private:
  void update(const Iterate& previous, const Iterate& current);

  std::size_t n_ = 0;
  std::vector<double> h_;  // n × n, symmetric, all of it stored so that a row is contiguous
  std::vector<double> s_;
  std::vector<double> y_;
  std::vector<double> hy_;
};

}  // namespace odot
