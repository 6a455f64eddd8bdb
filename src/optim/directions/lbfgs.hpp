// Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.4, the two-loop recursion): the product of ∇f with the BFGS
// inverse Hessian of the last `memory` pairs s = x_{t+1} − x_t, y = ∇f_{t+1} − ∇f_t, begun from γ I with
// γ = sᵀy / yᵀy of the newest pair.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "odot/optim/direction.hpp"
#include "optim/first_length.hpp"

namespace odot {

class Lbfgs : public Direction {
 public:
  struct Settings {
    double memory = 10;        ///< pairs kept, ≥ 1
    double first_step = 0.01;  ///< length of the first direction relative to ‖x_0‖, > 0
  };

  explicit Lbfgs(const Settings& settings)
      : settings_(settings), pairs_(static_cast<std::size_t>(settings.memory)), alpha_(pairs_.size()) {}

  void reset(std::size_t n) override {
    for (Pair& pair : pairs_) {
      pair.s.resize(n);
      pair.y.resize(n);
    }
    count_ = 0;
    newest_ = 0;
  }

  void next(const Iterate* previous, const Iterate& current, Span d) override {
    if (previous) remember(*previous, current);
    if (count_ == 0) {
      scale(-first_length(current, settings_.first_step), current.gradient, d);
      return;
    }
    scale(-1, current.gradient, d);
    for (std::size_t age = 0; age < count_; ++age) {
      const Pair& pair = at(age);
      alpha_[age] = dot(pair.s, d) / pair.sy;
      add_scaled(d, -alpha_[age], pair.y, d);
    }
    scale(at(0).sy / at(0).yy, d, d);
    for (std::size_t age = count_; age-- > 0;) {
      const Pair& pair = at(age);
      add_scaled(d, alpha_[age] - dot(pair.y, d) / pair.sy, pair.s, d);
    }
  }

  bool unit_step() const override { return true; }

 private:
  struct Pair {
    Vector s;
    Vector y;
    double sy = 0;
    double yy = 0;
  };

  Pair& at(std::size_t age) { return pairs_[(newest_ + pairs_.size() - age) % pairs_.size()]; }

  void remember(const Iterate& previous, const Iterate& current) {
    const std::size_t slot = count_ == 0 ? newest_ : (newest_ + 1) % pairs_.size();
    Pair& pair = pairs_[slot];
    add_scaled(current.x, -1, previous.x, pair.s);
    add_scaled(current.gradient, -1, previous.gradient, pair.y);
    pair.sy = dot(pair.s, pair.y);
    pair.yy = dot(pair.y, pair.y);
    if (pair.sy > kNotPositive * norm(pair.s) * std::sqrt(pair.yy)) {
      newest_ = slot;
      count_ = std::min(count_ + 1, pairs_.size());
    } else if (count_ == pairs_.size()) {
      --count_;  // the slot held the oldest pair
    }
  }

  static constexpr double kNotPositive = 1e-12;  // sᵀy relative to ‖s‖‖y‖ that rounding alone can give

  Settings settings_;
  std::vector<Pair> pairs_;  // a ring
  std::vector<double> alpha_;
  std::size_t count_ = 0;
  std::size_t newest_ = 0;
};

}  // namespace odot
