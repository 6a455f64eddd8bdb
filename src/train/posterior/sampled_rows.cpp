// A row's conditional distribution from the quadratic that its weighted squared error is, and a draw from it.
#include "train/posterior/sampled_rows.hpp"

#include <algorithm>
#include <cmath>

#include "model/free_elements.hpp"
#include "odot/core/parallel.hpp"
#include "train/posterior/dense_rows.hpp"

namespace odot::inline ODOT_PRECISION {
struct SampledRows::Workspace {
  Workspace(std::size_t stride, std::size_t width, std::size_t free)
      : gathered(0, width),
        quadratic(stride),
        system(free),
        from_mean(free),
        pull(dense_stride(free)),
        step(stride),
        product(stride),
        normals(free) {}

  GatheredColumns gathered;
  RowQuadratic quadratic;
  PositiveSystem system;
  std::vector<double> from_mean;  // of the prior
  std::vector<double> pull;       // Λ/α times that
  std::vector<double> step;       // from the row as it was to the one that is drawn, 0 where it is pinned
  std::vector<double> product;    // of A's triangle and that
  std::vector<double> normals;
};

// The rows as RowWalk sees them.
struct SampledRows::Rows {
  SampledRows& all;
  const SampleTask& task;
  Real* rows;
  Real* means;
  Real* variances;
  Real* weights;

  Workspace& workspace() { return all.workspaces_[static_cast<std::size_t>(thread_number())]; }

  void form(Index row, Offset begin, Offset end, RowQuadratic& out) {
    odot::form(all.side_, begin, end, rows + row * all.stride_, task.columns, workspace().gathered, out,
               task.column_roots);
  }

  double solve(Index row, Offset begin, Offset end) {
    Workspace& work = workspace();
    form(row, begin, end, work.quadratic);
    return solve(row, work.quadratic);
  }

  double solve(Index row, const RowQuadratic& quadratic);
};

// With A the Gram matrix and g half the gradient of Σ γ e² about the row u as it is, P = α ω (A + Λ/(α ω)), and
// m − u solves (A + Λ/(α ω)) s = −(g + (Λ/(α ω))(u − μ − g_i)).
double SampledRows::Rows::solve(Index number, const RowQuadratic& quadratic) {
  Workspace& work = workspace();
  const std::vector<std::size_t>& free = all.free_;
  const std::size_t n = free.size();
  const std::size_t stride = all.stride_;
  Real* row = rows + number * stride;
  const auto of = [](Real value) { return static_cast<double>(value); };
  const double weight = of(weights[number]);
  const double share = 1 / weight;

  pull_of_prior(row, task.prior, task.offsets ? task.offsets + number * stride : nullptr, free, all.precision_,
                work.from_mean, work.pull);
  start_system(quadratic, all.precision_, share, free, all.pinned_, work.system);
  for (std::size_t i = 0; i < n; ++i) {
    work.system.row(i)[n] = -(of(quadratic.gradient[free[i]]) + share * work.pull[i]);
    variances[number * stride + free[i]] =
        static_cast<Real>(1 / (task.noise_precision * weight * work.system.row(i)[i]));
  }
  const double* mean_step = work.system.solve(kGramRounding);
  for (std::size_t i = 0; i < n; ++i) {
    work.step[free[i]] = mean_step[i];
    means[number * stride + free[i]] = static_cast<Real>(of(row[free[i]]) + mean_step[i]);
  }

  Draws draws(task.seed, task.what, task.sweep, number);
  draws.normals(work.normals);
  const double* deviation = work.system.sample(work.normals.data());
  const double scale = 1 / std::sqrt(task.noise_precision * weight);
  for (std::size_t i = 0; i < n; ++i) work.step[free[i]] += scale * deviation[i];

  // Σ γ e² of the row that was drawn: with the triangle of A above its diagonal, sᵀA s is twice sᵀ(A's triangle) s and
  // the diagonal's part.
  std::ranges::fill(work.product, 0.0);
  double squares = quadratic.squared_error;
  for (std::size_t i = 0; i < n; ++i) {
    const double step = work.step[free[i]];
    const Real* gram = quadratic.gram.data() + free[i] * stride;
    squares += step * (2 * of(quadratic.gradient[free[i]]) + of(gram[free[i]]) * step);
    for (std::size_t k = free[i] + 1; k < stride; ++k) work.product[k] += step * of(gram[k]);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = free[i];
    squares += 2 * work.product[k] * work.step[k];
    row[k] = static_cast<Real>(of(row[k]) + work.step[k]);
  }
  squares = std::max(squares, 0.0);
  const auto count = static_cast<double>(all.side_.count(number));
  const double drawn = draws.gamma((task.freedom + count) / 2) / ((task.freedom + task.noise_precision * squares) / 2);
  weights[number] = static_cast<Real>(drawn);
  return static_cast<double>(weights[number]) * squares;
}

SampledRows::SampledRows(const RatingSide& side, const FactorLayout& layout, int pinned)
    : side_(side),
      stride_(layout.stride()),
      free_(free_elements(layout.width(), pinned)),
      pinned_(pinned >= 0 ? static_cast<std::size_t>(pinned) : layout.width()),
      walk_(side, side.rows(), layout) {
  for (int thread = 0; thread < threads(); ++thread) workspaces_.emplace_back(stride_, layout.width(), free_.size());
}

SampledRows::~SampledRows() = default;

double SampledRows::update(const SampleTask& task, Real* rows, Real* means, Real* variances, Real* weights) {
  scaled_precision(task.prior, task.noise_precision, free_, stride_, precision_);
  double sum = 0;
  for (std::size_t block = 0; block < walk_.blocks(); ++block) {
    sum += walk_.update(block, Rows{*this, task, rows, means, variances, weights});
  }
  return sum;
}

}  // namespace odot::inline ODOT_PRECISION
