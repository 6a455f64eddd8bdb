// A row's distribution from the quadratic that its expected squared error is.
#include "train/posterior/posterior_rows.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/row_sums.hpp"
#include "model/free_elements.hpp"
#include "odot/core/parallel.hpp"
#include "train/posterior/dense_rows.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Σ_k w_k x_k² over whole vectors, in interleaved sums.
double weighted_squares(const Real* w, const Real* x, std::size_t stride) {
  double sum[kLanes] = {};
  for (std::size_t first = 0; first < stride; first += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const auto value = static_cast<double>(x[first + k]);
      sum[k] += static_cast<double>(w[first + k]) * value * value;
    }
  }
  double total = 0;
  for (const double part : sum) total += part;
  return total;
}

}  // namespace

struct PosteriorRows::Workspace {
  Workspace(std::size_t stride, std::size_t width, std::size_t free)
      : gathered(0, width),
        quadratic(stride),
        variances(stride),
        system(free),
        slope(free),
        from_mean(free),
        pull(dense_stride(free)) {}

  GatheredColumns gathered;
  RowQuadratic quadratic;
  Vector variances;  // Σ w_j
  PositiveSystem system;
  std::vector<double> slope;      // half the gradient of the expected error
  std::vector<double> from_mean;  // of the prior
  std::vector<double> pull;       // Λ/α times that
};

// The rows as RowWalk sees them.
struct PosteriorRows::Rows {
  PosteriorRows& all;
  const PosteriorTask& task;
  Real* rows;
  Real* variances;

  Workspace& workspace() { return all.workspaces_[static_cast<std::size_t>(thread_number())]; }

  void form(Index row, Offset begin, Offset end, RowQuadratic& out) {
    odot::form(all.side_, begin, end, rows + row * all.stride_, task.columns, workspace().gathered, out,
               task.column_roots, task.targets);
  }

  double solve(Index row, Offset begin, Offset end) {
    Workspace& work = workspace();
    form(row, begin, end, work.quadratic);
    sum_variances(begin, end, work);
    return solve(row, work.quadratic, work);
  }

  double solve(Index row, RowQuadratic& total) {
    const Offset begin = all.side_.offsets[row];
    const Offset end = all.side_.offsets[row + 1];
    Workspace& work = workspace();
    all.side_.read(begin, end, [&] { sum_variances(begin, end, work); });
    return solve(row, total, work);
  }

  void sum_variances(Offset begin, Offset end, Workspace& work) {
    if (!task.column_variances) {
      std::ranges::fill(work.variances, Real{0});
      return;
    }
    sum_rows(all.side_.indices.subspan(begin, end - begin), task.column_variances, all.stride_, work.variances.data());
  }

  double solve(Index row, const RowQuadratic& quadratic, Workspace& work);
};

// E e² = Σ e² + Σ_k w_k u_k² is a quadratic of Gram matrix A = gram + diag w about the row u as it is. A step s of the
// free elements solves (A + Λ/α) s = −(half its gradient + (Λ/α)(u − μ − g)), after which sᵀA s follows from the
// equation.
double PosteriorRows::Rows::solve(Index number, const RowQuadratic& quadratic, Workspace& work) {
  const std::vector<std::size_t>& free = all.free_;
  const std::size_t n = free.size();
  const std::size_t stride = all.stride_;
  Real* row = rows + number * stride;
  Real* variance = variances + number * stride;
  const auto of = [](Real value) { return static_cast<double>(value); };

  double expected = quadratic.squared_error + weighted_squares(work.variances.data(), row, stride);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = free[i];
    work.slope[i] = of(quadratic.gradient[k]) + of(work.variances[k]) * of(row[k]);
  }
  pull_of_prior(row, task.prior, task.offsets ? task.offsets + number * stride : nullptr, free, all.precision_,
                work.from_mean, work.pull);
  const auto count = static_cast<double>(all.side_.count(number));
  // The share of what numbers would say that these ratings do not.
  const double missing = task.targets && count > 0 ? 1 - quadratic.information / count : 0;
  start_system(quadratic, all.precision_, 1, free, all.pinned_, work.system);
  for (std::size_t i = 0; i < n; ++i) {
    const double* precision = all.precision_.data() + i * work.pull.size();
    double* to = work.system.row(i);
    to[i] += of(work.variances[free[i]]);
    to[n] = -(work.slope[i] + work.pull[i]);
    const double own = 1 / (task.noise_precision * (to[i] - missing * (to[i] - precision[i])));
    variance[free[i]] = static_cast<Real>(own);
    expected += own * (to[i] - precision[i]);
  }
  const double* step = work.system.solve(kGramRounding);

  double of_variances = 0;  // what they add to the expected error
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = free[i];
    expected += work.slope[i] * step[i];
    work.from_mean[i] += step[i];
    row[k] = static_cast<Real>(of(row[k]) + step[i]);
    of_variances += of(variance[k]) * (of(quadratic.gram[k * stride + k]) + of(work.variances[k]));
  }
  multiply(all.precision_, work.from_mean, n, work.pull);
  for (std::size_t i = 0; i < n; ++i) expected -= step[i] * work.pull[i];
  of_variances += weighted_squares(work.variances.data(), row, stride);
  all.squared_[number] = std::max(expected - of_variances, 0.0);
  return std::max(expected, 0.0);
}

PosteriorRows::PosteriorRows(const RatingSide& side, const FactorLayout& layout, int pinned)
    : side_(side),
      stride_(layout.stride()),
      free_(free_elements(layout.width(), pinned)),
      pinned_(pinned >= 0 ? static_cast<std::size_t>(pinned) : layout.width()),
      walk_(side, side.rows(), layout),
      squared_(side.rows()) {
  for (int thread = 0; thread < threads(); ++thread) workspaces_.emplace_back(stride_, layout.width(), free_.size());
}

PosteriorRows::~PosteriorRows() = default;

SquaredErrors PosteriorRows::update(const PosteriorTask& task, Real* rows, Real* variances) {
  scaled_precision(task.prior, task.noise_precision, free_, stride_, precision_);
  SquaredErrors sums;
  for (std::size_t block = 0; block < walk_.blocks(); ++block) {
    sums.expected += walk_.update(block, Rows{*this, task, rows, variances});
  }
  sums.squared = ordered_sum(squared_);
  return sums;
}

}  // namespace odot::inline ODOT_PRECISION
