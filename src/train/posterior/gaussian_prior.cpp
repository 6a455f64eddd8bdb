// Scatter matrices of rows, in double, and their inverse.
#include "train/posterior/gaussian_prior.hpp"

#include <algorithm>
#include <cmath>

#include "model/dense_matrix.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kShortestChunk = 256;  // rows
constexpr std::size_t kMostChunks = 64;      // each has a matrix of its own
constexpr std::size_t kProduct = 6;          // numbers that a float can hold

// Of some rows: how many, Σρ, Σ v and the upper triangle of Σρρᵀ, row after row.
struct Moments {
  explicit Moments(std::size_t n) : sum(n), variance(n), products(n * n) {}

  Moments& operator+=(const Moments& part) {
    count += part.count;
    for (std::size_t k = 0; k < sum.size(); ++k) {
      sum[k] += part.sum[k];
      variance[k] += part.variance[k];
    }
    for (std::size_t k = 0; k < products.size(); ++k) products[k] += part.products[k];
    return *this;
  }

  double count = 0;
  std::vector<double> sum;
  std::vector<double> variance;
  std::vector<double> products;
};

// About 0: the prior pulls means there, and single precision rows are summed in double.
template <class Counts>
Moments moments_of(std::size_t rows, const Counts& counts, const KnownRows& known, const std::vector<std::size_t>& free,
                   std::size_t stride) {
  const std::size_t n = free.size();
  const std::size_t length = std::max(kShortestChunk, (rows + kMostChunks - 1) / kMostChunks);
  std::vector<Moments> parts((rows + length - 1) / length, Moments(n));
  parallel_for(parts.size(), [&](std::size_t at) {
    Moments& part = parts[at];
    std::vector<double> row(n);
    const std::size_t end = std::min(rows, (at + 1) * length);
    for (std::size_t i = at * length; i < end; ++i) {
      if (!counts(i)) continue;
      ++part.count;
      for (std::size_t k = 0; k < n; ++k) {
        const std::size_t element = i * stride + free[k];
        row[k] = static_cast<double>(known.rows[element]);
        if (known.offsets) row[k] -= static_cast<double>(known.offsets[element]);
        part.sum[k] += row[k];
        if (known.variances) part.variance[k] += static_cast<double>(known.variances[element]);
      }
      for (std::size_t k = 0; k < n; ++k) {
        double* products = part.products.data() + k * n;
        for (std::size_t l = k; l < n; ++l) products[l] += row[k] * row[l];
      }
    }
  });
  Moments total(n);
  add_in_order(parts, total);
  return total;
}

Moments moments_of(const RatingSide& side, const KnownRows& known, const std::vector<std::size_t>& free,
                   std::size_t stride) {
  const auto counts = [&](std::size_t row) { return side.count(static_cast<Index>(row)) > 0; };
  return moments_of(side.rows(), counts, known, free, stride);
}

// scatter I + Σ (ρ − ρ̄)(ρ − ρ̄)ᵀ + 2n/(n + 2) ρ̄ρ̄ᵀ + diag Σ v, of which the lower triangle counts:
// Σ (ρ − ρ̄)(ρ − ρ̄)ᵀ + 2n/(n + 2) ρ̄ρ̄ᵀ = Σ ρρᵀ − (Σρ)(Σρ)ᵀ / (n + 2).
Eigen::MatrixXd scatter_matrix(const Moments& moments, double scatter) {
  const auto n = static_cast<Eigen::Index>(moments.sum.size());
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(n, n);
  for (Eigen::Index k = 0; k < n; ++k) {
    const double sum = moments.sum[static_cast<std::size_t>(k)];
    for (Eigen::Index l = k; l < n; ++l) {
      matrix(l, k) = moments.products[static_cast<std::size_t>(k * n + l)] -
                     sum * moments.sum[static_cast<std::size_t>(l)] / (moments.count + 2);
    }
    matrix(k, k) += scatter + moments.variance[static_cast<std::size_t>(k)];
  }
  return matrix;
}

// Adds τ Σ y yᵀ to the lower triangle of `inverse`. Returns how many effects there are.
double add_effects(const EffectsPrior& effects, const std::vector<std::size_t>& free, std::size_t stride,
                   Eigen::MatrixXd& inverse) {
  const Moments moments = moments_of(
      effects.count, [](std::size_t) { return true; }, {effects.effects}, free, stride);
  const auto n = static_cast<Eigen::Index>(free.size());
  for (Eigen::Index k = 0; k < n; ++k) {
    for (Eigen::Index l = k; l < n; ++l) {
      inverse(l, k) += effects.strength * moments.products[static_cast<std::size_t>(k * n + l)];
    }
  }
  return moments.count;
}

Eigen::LLT<Eigen::MatrixXd> factor_of(const Eigen::MatrixXd& matrix) {
  Eigen::LLT<Eigen::MatrixXd> factor(matrix);
  if (factor.info() != Eigen::Success || !matrix.allFinite()) {
    throw Error("the factors are not finite any more: the ratings are too large", ErrorKind::numerical);
  }
  return factor;
}

void set(const GaussianPrior& prior, const Eigen::VectorXd& mean, const Eigen::MatrixXd& precision,
         const std::vector<std::size_t>& free, std::size_t stride) {
  for (std::size_t k = 0; k < free.size(); ++k) {
    const auto row = static_cast<Eigen::Index>(k);
    prior.mean[free[k]] = static_cast<Real>(mean(row));
    for (std::size_t l = 0; l < free.size(); ++l) {
      const auto col = static_cast<Eigen::Index>(l);
      prior.precision[free[k] * stride + free[l]] = static_cast<Real>((precision(row, col) + precision(col, row)) / 2);
    }
  }
}

}  // namespace

double fit_prior(const RatingSide& side, const KnownRows& known, const std::vector<std::size_t>& free,
                 std::size_t stride, double scatter, const GaussianPrior& prior, const EffectsPrior* effects) {
  const auto n = static_cast<Eigen::Index>(free.size());
  const Moments moments = moments_of(side, known, free, stride);
  const Eigen::Map<const Eigen::VectorXd> sum(moments.sum.data(), n);
  Eigen::MatrixXd inverse = scatter_matrix(moments, scatter);
  double strength = 1 + moments.count;
  if (effects) strength += add_effects(*effects, free, stride, inverse);
  const auto factor = factor_of(inverse);
  const Eigen::MatrixXd precision = strength * factor.solve(Eigen::MatrixXd::Identity(n, n));
  set(prior, sum / (moments.count + 2), precision, free, stride);
  return static_cast<double>(n) * std::log(strength) - 2 * factor.matrixLLT().diagonal().array().log().sum();
}

// With C Cᵀ = W⁻¹ and Bartlett's A (1933; square roots of χ² with falling degrees of freedom on the diagonal, normals
// below), Λ = C⁻ᵀ A Aᵀ C⁻¹ is Wishart of scale W, and C A⁻ᵀ z is N(0, Λ⁻¹).
void sample_prior(const RatingSide& side, const KnownRows& known, std::span<const EffectsPrior> effects,
                  const std::vector<std::size_t>& free, std::size_t stride, double scatter, Draws draws,
                  const GaussianPrior& prior) {
  const auto n = static_cast<Eigen::Index>(free.size());
  const Moments moments = moments_of(side, known, free, stride);
  Eigen::MatrixXd inverse = scatter_matrix(moments, scatter);
  double freedom = static_cast<double>(n) + moments.count;
  for (const EffectsPrior& some : effects) freedom += add_effects(some, free, stride, inverse);
  const auto factor = factor_of(inverse);
  Eigen::MatrixXd bartlett = Eigen::MatrixXd::Zero(n, n);
  Eigen::VectorXd normals(n);
  for (Eigen::Index k = 0; k < n; ++k) {
    bartlett(k, k) = std::sqrt(2 * draws.gamma((freedom - static_cast<double>(k)) / 2));
    for (Eigen::Index l = 0; l < k; ++l) bartlett(k, l) = draws.normal();
    normals(k) = draws.normal();
  }
  const Eigen::MatrixXd root = factor.matrixU().solve(bartlett);  // C⁻ᵀ A
  const Eigen::VectorXd solved = bartlett.transpose().triangularView<Eigen::Upper>().solve(normals);
  const Eigen::Map<const Eigen::VectorXd> sum(moments.sum.data(), n);
  const Eigen::VectorXd deviation = factor.matrixL() * solved;
  set(prior, sum / (moments.count + 2) + deviation / std::sqrt(moments.count + 2), root * root.transpose(), free,
      stride);
}

double log_variances(const RatingSide& side, const Real* variances, const std::vector<std::size_t>& free,
                     std::size_t stride) {
  return parallel_sum(side.rows(), [&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (side.count(static_cast<Index>(i)) == 0) continue;
      // The logarithm of a few at a time, so few that their product has a place in a double.
      for (std::size_t first = 0; first < free.size(); first += kProduct) {
        double product = 1;
        for (std::size_t k = first; k < std::min(first + kProduct, free.size()); ++k) {
          product *= static_cast<double>(variances[i * stride + free[k]]);
        }
        sum += std::log(product);
      }
    }
    return sum;
  });
}

}  // namespace odot::inline ODOT_PRECISION
