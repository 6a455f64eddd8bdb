// BFGS with a dense inverse Hessian (document, algorithm 12; Nocedal & Wright 2006, section 6.1):
//   p_t = −H_{t−1} g_t,   s = θ_t − θ_{t−1},   y = g_{t+1} − g_t,
//   H_t = H_{t−1} + (sᵀy + yᵀHy) s sᵀ / (sᵀy)² − (H y sᵀ + s yᵀ H) / sᵀy.
// The document has H_0 = I, whose first step is as long as the gradient. By default H_0 makes the first step a
// hundredth of ‖θ‖ instead, and is replaced by (sᵀy / yᵀy) I before the first update (Nocedal & Wright, equation 6.20).
// An update whose sᵀy is not positive would lose positive definiteness and is skipped.
#pragma once

#include <vector>

#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"

namespace odot::inline ODOT_PRECISION {

class Bfgs : public Direction {
 public:
  static constexpr double kScaled = 0;

  struct Settings {
    double initial_hessian = kScaled;  ///< H_0 is this times I (1 as in the document), or kScaled
  };
  static constexpr std::size_t kLargest = 5000;  ///< variables: H takes 200 MB

  explicit Bfgs(const Settings& settings) : settings_(settings) {}

  /// Throws Error for more than kLargest variables.
  void reset(std::size_t n) override;
  void next(const Iterate* previous, const Iterate& current, Span d) override;
  void visit(StateVisitor& visitor) override {
    visitor.integer("updated", updated_);
    visitor.array("h", h_);
  }
  bool unit_step() const override { return true; }

 private:
  void update(const Iterate& previous, const Iterate& current);
  void set_multiple_of_identity(double diagonal);

  Settings settings_;
  bool updated_ = false;
  std::size_t n_ = 0;
  std::vector<double> h_;  // n × n, symmetric, all of it stored so that a row is contiguous
  std::vector<double> s_;
  std::vector<double> y_;
  std::vector<double> hy_;
};

}  // namespace odot::inline ODOT_PRECISION
