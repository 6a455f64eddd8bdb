// Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.4, the two-loop recursion): the product of ∇f with the BFGS
// inverse Hessian of the last `memory` pairs s = x_{t+1} − x_t, y = ∇f_{t+1} − ∇f_t, begun from γ I with
// γ = sᵀy / yᵀy of the newest pair.
//
// The recursion only adds multiples of the pairs and of ∇f, so that it can run on their multiples once the inner
// products are known (Chen, Wang & Zhou 2014). Those of a new pair with the older ones are differences of what ∇f had
// with them before and has now. So every vector is read twice an iteration, in two parallel loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"
#include "optim/first_length.hpp"

namespace odot::inline ODOT_PRECISION {

class Lbfgs : public Direction {
 public:
  struct Settings {
    double memory = 5;         ///< pairs kept, ≥ 1
    double first_step = 0.01;  ///< length of the first direction relative to ‖x_0‖, > 0
  };

  explicit Lbfgs(const Settings& settings)
      : settings_(settings), most_(static_cast<std::size_t>(settings.memory)), pairs_(most_ + 1) {
    for (Pair& pair : pairs_) {
      pair.older_s_y.resize(most_);
      pair.older_y_y.resize(most_);
    }
    vectors_.resize(2 * most_ + 1);
    with_gradient_.resize(2 * most_);
    multiples_.resize(2 * most_ + 1);
    alpha_.resize(most_);
  }

  void reset(std::size_t n) override {
    for (Pair& pair : pairs_) {
      pair.s.resize(n);
      pair.y.resize(n);
    }
    count_ = 0;
    newest_ = 0;
  }

  void next(const Iterate* previous, const Iterate& current, Span d) override {
    const bool is_new = previous && remember(*previous, current);
    if (count_ == 0) {
      scale(-first_length(current, settings_.first_step), current.gradient, d);
      return;
    }
    list_vectors(current);
    dots(std::span(vectors_).first(2 * count_), current.gradient, with_gradient_);
    if (is_new) relate_newest();
    for (std::size_t age = 0; age < count_; ++age) {
      at(age).s_gradient = with_gradient_[2 * age];
      at(age).y_gradient = with_gradient_[2 * age + 1];
    }
    recur();
    combine(std::span(multiples_).first(2 * count_ + 1), std::span(vectors_).first(2 * count_ + 1), d);
  }

  void visit(StateVisitor& visitor) override {
    visitor.integer("count", count_);
    visitor.integer("newest", newest_);
    if (count_ > most_ || newest_ >= pairs_.size()) throw Error("there are more L-BFGS pairs than are kept");
    for (std::size_t age = 0; age < count_; ++age) {
      visitor.in(std::to_string(age), [&] { at(age).visit(visitor); });
    }
  }

  bool unit_step() const override { return true; }

 private:
  struct Pair {
    Vector s;
    Vector y;
    double sy = 0;
    double yy = 0;
    double s_gradient = 0;  // with the gradient of the last iteration
    double y_gradient = 0;
    std::vector<double> older_s_y;  // y with the s of older pairs: at k that of the pair k + 1 iterations older
    std::vector<double> older_y_y;  // y with the y of older pairs

    void visit(StateVisitor& visitor) {
      visitor.array("s", s);
      visitor.array("y", y);
      visitor.number("sy", sy);
      visitor.number("yy", yy);
      visitor.number("s_gradient", s_gradient);
      visitor.number("y_gradient", y_gradient);
      visitor.array("older_s_y", older_s_y);
      visitor.array("older_y_y", older_y_y);
    }
  };

  // There is room for one pair more than are used: for the new one, while the oldest is still in use.
  Pair& at(std::size_t age) { return pairs_[(newest_ + pairs_.size() - age) % pairs_.size()]; }

  // Whether there is a new pair.
  bool remember(const Iterate& previous, const Iterate& current) {
    const std::size_t slot = count_ == 0 ? newest_ : (newest_ + 1) % pairs_.size();
    Pair& pair = pairs_[slot];
    add_scaled(current.x, -1, previous.x, pair.s);
    add_scaled(current.gradient, -1, previous.gradient, pair.y);
    const ConstSpan s_and_y[] = {pair.s, pair.y};
    double products[2];
    dots(s_and_y, pair.y, products);
    pair.sy = products[0];
    pair.yy = products[1];
    if (!(pair.sy > kNotPositive * norm(pair.s) * std::sqrt(pair.yy))) return false;
    newest_ = slot;
    count_ = std::min(count_ + 1, most_);
    return true;
  }

  // s and y of every pair, newest first, and the gradient.
  void list_vectors(const Iterate& current) {
    for (std::size_t age = 0; age < count_; ++age) {
      vectors_[2 * age] = at(age).s;
      vectors_[2 * age + 1] = at(age).y;
    }
    vectors_[2 * count_] = current.gradient;
  }

  // The newest y is what the gradient has changed by since the older pairs were multiplied with it.
  void relate_newest() {
    Pair& newest = at(0);
    for (std::size_t age = 1; age < count_; ++age) {
      newest.older_s_y[age - 1] = with_gradient_[2 * age] - at(age).s_gradient;
      newest.older_y_y[age - 1] = with_gradient_[2 * age + 1] - at(age).y_gradient;
    }
  }

  // s of the pair of age `older` with y of the pair of age `newer`, the same pair or a newer one.
  double s_y(std::size_t older, std::size_t newer) {
    return older == newer ? at(older).sy : at(newer).older_s_y[older - newer - 1];
  }
  double y_y(std::size_t one, std::size_t other) {
    if (one == other) return at(one).yy;
    const std::size_t newer = std::min(one, other);
    return at(newer).older_y_y[std::max(one, other) - newer - 1];
  }

  // The two loops, for −∇f, in multiples of vectors_.
  void recur() {
    // First loop, from the newest pair on: q = −∇f − Σ α y.
    for (std::size_t age = 0; age < count_; ++age) {
      double product = -at(age).s_gradient;
      for (std::size_t newer = 0; newer < age; ++newer) product -= alpha_[newer] * s_y(age, newer);
      alpha_[age] = product / at(age).sy;
    }
    const double gamma = at(0).sy / at(0).yy;
    // Second loop, from the oldest pair on: r = γ q + Σ (α − β) s.
    for (std::size_t age = count_; age-- > 0;) {
      double product = -at(age).y_gradient;
      for (std::size_t other = 0; other < count_; ++other) product -= alpha_[other] * y_y(age, other);
      product *= gamma;
      for (std::size_t older = age + 1; older < count_; ++older) product += multiples_[2 * older] * s_y(older, age);
      multiples_[2 * age] = alpha_[age] - product / at(age).sy;
      multiples_[2 * age + 1] = -gamma * alpha_[age];
    }
    multiples_[2 * count_] = -gamma;
  }

  static constexpr double kNotPositive = 1e-12;  // sᵀy relative to ‖s‖‖y‖ that rounding alone can give

  Settings settings_;
  std::size_t most_;
  std::vector<Pair> pairs_;  // a ring
  std::size_t count_ = 0;
  std::size_t newest_ = 0;
  std::vector<ConstSpan> vectors_;
  std::vector<double> with_gradient_;  // inner products of vectors_ with the gradient
  std::vector<double> multiples_;
  std::vector<double> alpha_;
};

}  // namespace odot::inline ODOT_PRECISION
