// The solvers of a row: Newton's method in two forms, coordinate descent and the optimizers.
#include "train/rows/row_solver.hpp"

#include <algorithm>
#include <limits>

#include "kernels/row_products.hpp"
#include "model/free_elements.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Newton's step minimises f + δ ‖s‖², with the least δ ≥ 0 that makes λ + δ this share of the Gram matrix's trace.
// Where λ is 0 or nearly so and the matrix nearly singular, its rounding would otherwise make steps of any length, and
// f rise.
constexpr double kLeastShift = 10 * kGramRounding;

// Columns that fit the second-level cache whatever the rank.
constexpr std::size_t kMostGathered = 256;

// The row has been solved when its gradient is this much smaller than at the start: further iterations change nothing
// that the next sweep would not undo.
constexpr double kSolved = 1e-5;

// An element of a non-negative row is settled when the predictions of the row's ratings move by no more than this share
// of the error at the start; cycles over all elements are bounded where a Gram matrix is nearly singular.
constexpr double kSettled = 1e-9;
constexpr int kMostCycles = 10000;

// Up to how many ratings it is cheaper to work on them than on their quadratic, by counting multiplications for rows of
// w elements. The quadratic costs w²/2 a rating and, for each iteration of an optimizer, 2 w²; without it an iteration
// costs 4 w a rating, in sums along a row, which take about twice the time. Newton's method works on the matrix of the
// ratings' inner products instead, of their number squared.
std::size_t most_direct(const RowMethod& method, std::size_t width) {
  if (std::holds_alternative<NonNegativeRows>(method)) return 0;
  if (std::holds_alternative<NewtonRows>(method)) return std::min(width / 2, kMostGathered);
  const int iterations = std::get<OptimizedRows>(method).iterations;
  const double w = static_cast<double>(width);
  const double saved_each = 8.0 * iterations * w - w * w / 2;
  const double most = saved_each > 0 ? 2.0 * iterations * w * w / saved_each : static_cast<double>(kMostGathered);
  return static_cast<std::size_t>(std::min(most, static_cast<double>(kMostGathered)));
}

}  // namespace

RowSolver::RowSolver(const RowMethod& method, std::size_t stride, std::size_t width, int pinned)
    : stride_(stride),
      newton_(std::holds_alternative<NewtonRows>(method)),
      non_negative_(std::holds_alternative<NonNegativeRows>(method)),
      free_(free_elements(width, pinned)),
      most_direct_(most_direct(method, width)),
      pinned_(pinned >= 0 ? static_cast<std::size_t>(pinned) : width),
      gathered_(most_direct_, width),
      quadratic_(stride),
      objective_(stride, pinned),
      origin_(stride),
      x_(stride),
      system_(newton_ ? std::max(width, most_direct_) : 0),
      products_before_(newton_ ? most_direct_ : 0),
      products_after_(products_before_.size()),
      values_(non_negative_ ? width : 0),
      slopes_(values_.size()) {
  if (const auto* optimized = std::get_if<OptimizedRows>(&method)) {
    iterations_ = optimized->iterations;
    direction_ = optimized->optimizer.direction();
    rule_ = optimized->optimizer.rule();
  }
}

bool RowSolver::solves_directly(Offset ratings, const RowTerms& terms) const {
  return terms.is_ridge() && !non_negative_ && ratings <= most_direct_;
}

double RowSolver::solve(const RatingSide& side, Offset begin, Offset end, const Real* columns, const RowTerms& terms,
                        Real* row) {
  if (!solves_directly(end - begin, terms)) {
    odot::form(side, begin, end, row, columns, gathered_, quadratic_);
    return solve(quadratic_, terms, row);
  }
  if (begin == end && terms.lambda == 0) return 0;  // nothing is known of this row
  gathered_.gather(side, begin, end, row, columns);
  if (newton_) return dual_newton_step(terms.lambda, row);
  objective_.set(gathered_, origin_, terms.lambda);
  return minimize_from(row);
}

double RowSolver::solve(RowQuadratic& quadratic, const RowTerms& terms, Real* row) {
  add(terms, row, quadratic);
  if (newton_) return newton_step(quadratic, terms.lambda, row);
  if (non_negative_) return non_negative_step(quadratic, terms.lambda, row);
  mirror(quadratic);
  objective_.set(quadratic, origin_, terms.lambda);
  return minimize_from(row);
}

double RowSolver::minimize_from(Real* row) {
  std::copy(row, row + stride_, origin_.begin());
  std::copy(row, row + stride_, x_.begin());
  const double before = objective_.value_at_origin();
  const StopSettings stop{.iterations = iterations_, .gradient_tolerance = kSolved};
  const Summary summary = minimize(objective_, *direction_, *rule_, stop, x_, {}, workspace_);
  std::copy(x_.begin(), x_.end(), row);
  work_.add_work(summary.counts);
  return summary.reason == StopReason::diverged ? std::numeric_limits<double>::infinity() : summary.value - before;
}

// Cyclic coordinate descent (Franc, Hlaváč & Navara 2005, "Sequential coordinate-wise algorithm for the non-negative
// least squares problem"): each element goes to its best value ≥ 0 given the others, until nothing moves.
double RowSolver::non_negative_step(RowQuadratic& quadratic, double lambda, Real* row) {
  mirror(quadratic);
  const std::size_t n = values_.size();
  const auto first_slope = [&](std::size_t k) {
    return static_cast<double>(quadratic.gradient[k]) + lambda * static_cast<double>(row[k]);
  };
  for (std::size_t k = 0; k < n; ++k) {
    values_[k] = static_cast<double>(row[k]);
    slopes_[k] = first_slope(k);
  }
  const double least_move = kSettled * kSettled * quadratic.squared_error;
  double moved = std::numeric_limits<double>::infinity();
  for (int cycle = 0; cycle < kMostCycles && moved > least_move; ++cycle) {
    moved = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const Real* gram = quadratic.gram.data() + k * stride_;
      const double curvature = static_cast<double>(gram[k]) + lambda;
      if (!(curvature > 0)) continue;  // nothing is known of this element
      const double value = std::max(0.0, values_[k] - slopes_[k] / curvature);
      const double step = value - values_[k];
      if (step == 0) continue;
      values_[k] = value;
      for (std::size_t i = 0; i < n; ++i) slopes_[i] += step * static_cast<double>(gram[i]);
      slopes_[k] += lambda * step;
      moved = std::max(moved, step * step * curvature);
    }
  }
  double change = 0;
  for (std::size_t k = 0; k < n; ++k) {
    change += (values_[k] - static_cast<double>(row[k])) * (first_slope(k) + slopes_[k]);
  }
  for (std::size_t k = 0; k < n; ++k) row[k] = static_cast<Real>(values_[k]);
  return change;
}

// (gram + (λ + δ)I) s = −g with g = gradient + λu over the free elements; f changes by 2 g·s + sᵀ (gram + λI) s, which
// is g·s − δ ‖s‖².
double RowSolver::newton_step(const RowQuadratic& quadratic, double lambda, Real* row) {
  const std::size_t n = free_.size();
  const auto slope = [&](std::size_t i) {
    return static_cast<double>(quadratic.gradient[free_[i]]) + lambda * static_cast<double>(row[free_[i]]);
  };
  system_.start(n);
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Real* from = quadratic.gram.data() + free_[i] * stride_;
    double* to = system_.row(i);
    for (std::size_t k = free_[i]; k < pinned_; ++k) to[k] = static_cast<double>(from[k]);
    for (std::size_t k = std::max(free_[i], pinned_ + 1); k < n + 1; ++k) to[k - 1] = static_cast<double>(from[k]);
    trace += to[i];
    to[n] = -slope(i);
  }
  const double damping = std::max(kLeastShift * trace - lambda, 0.0);
  for (std::size_t i = 0; i < n; ++i) system_.row(i)[i] += lambda + damping;
  const double* step = system_.solve(kGramRounding);
  double change = 0;
  for (std::size_t i = 0; i < n; ++i) change += (slope(i) - damping * step[i]) * step[i];
  for (std::size_t i = 0; i < n; ++i) {
    row[free_[i]] = static_cast<Real>(static_cast<double>(row[free_[i]]) + step[i]);
  }
  return change;
}

// The same step from fewer unknowns than it has elements: with e the errors at u, G the columns' free elements, one a
// row, μ = λ + δ and c = λ/μ, s = −c u − Gᵀ z where (G Gᵀ + μI) z = e − c G u.
double RowSolver::dual_newton_step(double lambda, Real* row) {
  const std::size_t n = gathered_.size();
  // Products of `a` with columns from the first-th on.
  const auto free_products = [&](const Real* a, std::size_t first, double* out) {
    wide_row_products({a, 0}, gathered_.columns(first), stride_, n - first, out);
    if (pinned_ >= stride_) return;
    for (std::size_t k = 0; k < n - first; ++k) {
      out[k] -= static_cast<double>(a[pinned_]) * static_cast<double>(gathered_.column(first + k)[pinned_]);
    }
  };
  const auto free_norm2 = [&] {
    double norm2 = 0;
    wide_row_products({row, 0}, {row, 0}, stride_, 1, &norm2);
    return pinned_ < stride_ ? norm2 - static_cast<double>(row[pinned_]) * static_cast<double>(row[pinned_]) : norm2;
  };
  system_.start(n);
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double* to = system_.row(i);
    free_products(gathered_.column(i), i, to + i);
    trace += to[i];
  }
  const double damped = std::max(lambda, kLeastShift * trace);
  const double share = damped > 0 ? lambda / damped : 0;
  double before = lambda * free_norm2();
  free_products(row, 0, products_before_.data());
  for (std::size_t i = 0; i < n; ++i) {
    const double error = static_cast<double>(gathered_.error(i));
    system_.row(i)[i] += damped;
    system_.row(i)[n] = error - share * products_before_[i];
    before += error * error;
  }
  const double* z = system_.solve(kGramRounding);
  for (const std::size_t k : free_) {
    double sum = (1 - share) * static_cast<double>(row[k]);
    for (std::size_t i = 0; i < n; ++i) sum -= z[i] * static_cast<double>(gathered_.column(i)[k]);
    row[k] = static_cast<Real>(sum);
  }
  double after = lambda * free_norm2();
  free_products(row, 0, products_after_.data());
  for (std::size_t i = 0; i < n; ++i) {
    const double error = static_cast<double>(gathered_.error(i)) + products_after_[i] - products_before_[i];
    after += error * error;
  }
  return after - before;
}

}  // namespace odot::inline ODOT_PRECISION
