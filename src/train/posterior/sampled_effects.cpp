// One effect after another, a few columns at a time: columns are independent once they are whitened.
#include "train/posterior/sampled_effects.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/row_products.hpp"
#include "kernels/row_sums.hpp"
#include "odot/core/parallel.hpp"
#include "train/posterior/prior_root.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kWide = 16;  // columns that are drawn together where that divides a row

// Matrices over a row with its padding, by which rows are multiplied from the left: x ↦ xᵀM.
struct Whitening {
  Vector to;    // L
  Vector from;  // L⁻¹
};

Whitening whitening_of(const ConstGaussianPrior& prior, const std::vector<std::size_t>& free, std::size_t stride) {
  const auto n = static_cast<Eigen::Index>(free.size());
  const Eigen::MatrixXd lower = prior_root(prior, free, stride);
  const Eigen::MatrixXd inverse = lower.triangularView<Eigen::Lower>().solve(Eigen::MatrixXd::Identity(n, n));
  Whitening out{Vector(stride * stride), Vector(stride * stride)};
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index k = 0; k <= i; ++k) {
      const std::size_t at = free[static_cast<std::size_t>(i)] * stride + free[static_cast<std::size_t>(k)];
      out.to[at] = static_cast<Real>(lower(i, k));
      out.from[at] = static_cast<Real>(inverse(i, k));
    }
  }
  return out;
}

void multiply(const Real* row, const Vector& matrix, std::size_t stride, Real* out) {
  std::fill_n(out, stride, Real{0});
  add_weighted_rows(row, {matrix.data(), stride}, stride, stride, out);
}

}  // namespace

SampledEffects::SampledEffects(const RatingSide& rows, const RatingSide& partners, std::size_t stride)
    : partners_(partners),
      stride_(stride),
      weights_(rows, partners),
      sums_(rows.rows() * stride),
      errors_(sums_.size()),
      whitened_(partners.rows() * stride) {
  for (Index row = 0; row < rows.rows(); ++row) {
    if (rows.count(row) > 0) rated_.push_back(row);
  }
}

// Given all others, an element of the whitened effect j is N(a/(s + τ), 1/(s + τ)) with s = Σ F_ij² and
// a = Σ F_ij (e_i + F_ij y_j) over its rows.
double SampledEffects::update(const Real* rows, const ConstGaussianPrior& prior, const std::vector<std::size_t>& free,
                              double strength, const DrawKey& key, Real* effects) {
  const std::size_t stride = stride_;
  const std::size_t partners = weights_.squares.size();
  const Whitening whitening = whitening_of(prior, free, stride);
  const auto for_rows = [&](std::size_t count, auto&& body) {
    for_row_chunks(count, [&](std::size_t begin, std::size_t end) {
      Vector row(stride);
      for (std::size_t i = begin; i < end; ++i) body(i, i * stride, row);
    });
  };
  for_rows(weights_.of_row.size(), [&](std::size_t, std::size_t at, Vector& row) {
    for (std::size_t k = 0; k < stride; ++k) row[k] = rows[at + k] - prior.mean[k] - sums_[at + k];
    multiply(row.data(), whitening.to, stride, errors_.data() + at);
  });
  for_rows(partners, [&](std::size_t, std::size_t at, Vector&) {
    multiply(effects + at, whitening.to, stride, whitened_.data() + at);
  });

  std::vector<bool> is_free(stride);
  for (const std::size_t k : free) is_free[k] = true;
  // The wider a stretch of columns, the fewer cache lines are read for each rating; columns are independent, so that it
  // makes no difference to the result.
  const std::size_t width = stride % kWide == 0 ? kWide : kLanes;
  parallel_for(stride / width,
               [&](std::size_t stretch) { draw_columns(stretch * width, width, is_free, strength, key); });

  const double squares = dot(whitened_, whitened_);
  for_rows(partners, [&](std::size_t, std::size_t at, Vector&) {
    multiply(whitened_.data() + at, whitening.from, stride, effects + at);
  });
  for_rows(weights_.of_row.size(), [&](std::size_t i, std::size_t at, Vector& row) {
    if (weights_.of_row[i] == 0) return;
    multiply(errors_.data() + at, whitening.from, stride, row.data());
    // The pinned element of a row is no variable.
    for (std::size_t k = 0; k < stride; ++k) {
      sums_[at + k] = is_free[k] ? rows[at + k] - prior.mean[k] - row[k] : Real{0};
    }
  });
  move_unrated(key);
  const auto drawn = static_cast<double>(partners * free.size());
  Draws draws(key.seed, key.what, key.sweep, static_cast<std::uint32_t>(partners));
  return draws.gamma((1 + drawn) / 2) / ((1 + squares) / 2);
}

void SampledEffects::draw_columns(std::size_t first, std::size_t width, const std::vector<bool>& is_free,
                                  double strength, const DrawKey& key) {
  const RowParts parts{stride_, width};
  Vector sum(width);
  Vector change(width);
  for (std::size_t j = 0; j < weights_.squares.size(); ++j) {
    const Draws draws(key.seed, key.what, key.sweep, static_cast<std::uint32_t>(j));
    Real* effect = whitened_.data() + j * stride_ + first;
    const Offset begin = partners_.offsets[j];
    const Offset end = partners_.offsets[j + 1];
    partners_.read(begin, end, [&] {
      const auto rows = partners_.indices.subspan(begin, end - begin);
      sum_weighted_rows(rows, weights_.of_row.data(), errors_.data() + first, parts, sum.data());
      const double precision = weights_.squares[j] + strength;
      for (std::size_t l = 0; l < width; ++l) {
        const double own = static_cast<double>(effect[l]);
        const double mean = (static_cast<double>(sum[l]) + weights_.squares[j] * own) / precision;
        const double drawn = is_free[first + l] ? mean + draws.normal_at(first + l) / std::sqrt(precision) : 0.0;
        change[l] = static_cast<Real>(drawn) - effect[l];
        effect[l] = static_cast<Real>(drawn);
      }
      subtract_weighted(rows, weights_.of_row.data(), change.data(), parts, errors_.data() + first);
    });
  }
}

void SampledEffects::move_unrated(const DrawKey& key) {
  if (rated_.empty()) return;
  for (std::size_t i = 0; i < weights_.of_row.size(); ++i) {
    if (weights_.of_row[i] > 0) continue;
    // Numbers of rows begin behind those of partners.
    Draws draws(key.seed, key.what, key.sweep, static_cast<std::uint32_t>(weights_.squares.size() + 1 + i));
    const auto any = static_cast<std::size_t>(draws.uniform() * static_cast<double>(rated_.size()));
    std::copy_n(sums_.data() + rated_[any] * stride_, stride_, sums_.data() + i * stride_);
  }
}

}  // namespace odot::inline ODOT_PRECISION
