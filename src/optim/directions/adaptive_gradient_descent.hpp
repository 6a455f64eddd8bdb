// Adaptive gradient descent (Malitsky & Mishchenko 2020, "Adaptive gradient descent without descent", algorithm 1;
// the document's algorithm 6 with its square root corrected):
//   λ_t = min{ √(1 + θ_{t−1}) λ_{t−1},  ‖x_t − x_{t−1}‖ / (2 ‖∇f(x_t) − ∇f(x_{t−1})‖) },   θ_t = λ_t / λ_{t−1}.
// The step λ_t is part of the direction, d_t = −λ_t ∇f(x_t): with the constant rule and step 1 this is the paper's
// method, and any other rule safeguards it.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"
#include "optim/first_length.hpp"

namespace odot::inline ODOT_PRECISION {

class AdaptiveGradientDescent : public Direction {
 public:
  struct Settings {
    double first_step = 0.01;  ///< λ_0 ‖∇f(x_0)‖ / ‖x_0‖, > 0
  };

  explicit AdaptiveGradientDescent(const Settings& settings) : settings_(settings) {}

  void reset(std::size_t) override {
    lambda_ = 0;
    theta_ = std::numeric_limits<double>::infinity();
  }

  void next(const Iterate* previous, const Iterate& current, Span d) override {
    if (!previous) {
      lambda_ = first_length(current, settings_.first_step);
    } else {
      const double moved = distance(current.x, previous->x);
      const double turned = 2 * distance(current.gradient, previous->gradient);
      double lambda = std::sqrt(1 + theta_) * lambda_;
      if (turned > 0) lambda = std::min(lambda, moved / turned);
      if (std::isfinite(lambda) && lambda > 0) {
        theta_ = lambda / lambda_;
        lambda_ = lambda;
      }
    }
    scale(-lambda_, current.gradient, d);
  }

  void visit(StateVisitor& visitor) override {
    visitor.number("lambda", lambda_);
    visitor.number("theta", theta_);
  }

  bool unit_step() const override { return true; }

 private:
  Settings settings_;
  double lambda_ = 0;
  double theta_ = std::numeric_limits<double>::infinity();
};

}  // namespace odot::inline ODOT_PRECISION
