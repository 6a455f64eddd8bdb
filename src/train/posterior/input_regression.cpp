// Sums over rows in chunks, whose inputs are mostly 0, and centred afterwards.
#include "train/posterior/input_regression.hpp"

#include <algorithm>
#include <utility>

#include "core/sum_over_rows.hpp"
#include "model/dense_matrix.hpp"
#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

struct InputRegression::System {
  Eigen::LLT<Eigen::MatrixXd> factor;
};

InputRegression::~InputRegression() = default;

InputRegression::InputRegression(const std::vector<Real>& inputs, std::size_t width, std::vector<double> weights,
                                 double ridge, const Vector* centre)
    : inputs_(inputs), width_(width), weights_(std::move(weights)) {
  // The upper triangle of Σ w a aᵀ, with 1 as the last input.
  const std::size_t size = width + 1;
  const std::vector<double> sums = sum_over_rows(weights_.size(), size * size, [&](std::size_t i, double* part) {
    const double weight = weights_[i];
    if (weight == 0) return;
    const Real* a = inputs_of(i);
    for (std::size_t f = 0; f < width; ++f) {
      if (a[f] == 0) continue;
      const double input = weight * static_cast<double>(a[f]);
      for (std::size_t g = f; g < width; ++g) part[f * size + g] += input * static_cast<double>(a[g]);
      part[f * size + width] += input;
    }
    part[size * size - 1] += weight;
  });
  total_ = sums.back();
  const auto n = static_cast<Eigen::Index>(width);
  const auto sum = [&](Eigen::Index f, Eigen::Index g) {
    return sums[static_cast<std::size_t>(f) * size + static_cast<std::size_t>(g)];
  };
  for (std::size_t f = 0; f < width; ++f) {
    const double own = total_ > 0 ? sums[f * size + width] / total_ : 0.0;
    centre_.push_back(centre ? static_cast<double>((*centre)[f]) : own);
  }
  const Eigen::Map<const Eigen::VectorXd> c(centre_.data(), n);
  Eigen::MatrixXd matrix(n, n);
  for (Eigen::Index f = 0; f < n; ++f) {
    for (Eigen::Index g = f; g < n; ++g) {
      matrix(g, f) = sum(f, g) - c(f) * sum(g, n) - sum(f, n) * c(g) + total_ * c(f) * c(g);
    }
    matrix(f, f) += ridge;
  }
  system_ = std::make_unique<const System>(System{Eigen::LLT<Eigen::MatrixXd>(matrix)});
}

std::vector<double> InputRegression::solve(std::size_t columns, const Row& row) const {
  const std::size_t width = width_;
  const std::vector<double> sums =
      sum_over_rows(weights_.size(), (width + 2) * columns, [&](std::size_t i, double* part) {
        const double weight = weights_[i];
        if (weight == 0) return;
        double* own = part + (width + 1) * columns;  // a place for the row, whose sum nobody needs
        row(i, own);
        double* all = part + width * columns;
        for (std::size_t k = 0; k < columns; ++k) all[k] += own[k] *= weight;
        const Real* a = inputs_of(i);
        for (std::size_t f = 0; f < width; ++f) {
          if (a[f] == 0) continue;
          const auto input = static_cast<double>(a[f]);
          for (std::size_t k = 0; k < columns; ++k) part[f * columns + k] += input * own[k];
        }
      });
  const auto n = static_cast<Eigen::Index>(width);
  const Eigen::Map<const RowMajor> all(sums.data(), n + 2, static_cast<Eigen::Index>(columns));
  const Eigen::Map<const Eigen::VectorXd> c(centre_.data(), n);
  std::vector<double> out((width + 1) * columns);
  Eigen::Map<RowMajor> solution(out.data(), n + 1, static_cast<Eigen::Index>(columns));
  solution.topRows(n) = system_->factor.solve(all.topRows(n) - c * all.row(n));
  solution.row(n) = all.row(n);
  return out;
}

void InputRegression::correlate(std::size_t columns, std::vector<double>& normals) const {
  Eigen::Map<RowMajor> numbers(normals.data(), static_cast<Eigen::Index>(width_), static_cast<Eigen::Index>(columns));
  system_->factor.matrixU().solveInPlace(numbers);
}

std::vector<double> InputRegression::leverages() const {
  const auto n = static_cast<Eigen::Index>(width_);
  const Eigen::MatrixXd inverse = system_->factor.solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::Map<const Eigen::VectorXd> c(centre_.data(), n);
  const Eigen::VectorXd of_centre = inverse * c;
  const double square_of_centre = c.dot(of_centre);
  std::vector<double> out(weights_.size());
  constexpr std::size_t kLength = 64;
  parallel_for((out.size() + kLength - 1) / kLength, [&](std::size_t at) {
    std::vector<Eigen::Index> used;
    for (std::size_t i = at * kLength; i < std::min(out.size(), (at + 1) * kLength); ++i) {
      if (weights_[i] == 0) continue;
      const Real* a = inputs_of(i);
      used.clear();
      for (std::size_t f = 0; f < width_; ++f) {
        if (a[f] != 0) used.push_back(static_cast<Eigen::Index>(f));
      }
      const auto input = [&](Eigen::Index f) { return static_cast<double>(a[static_cast<std::size_t>(f)]); };
      double square = square_of_centre;
      for (const Eigen::Index f : used) {
        double product = -2 * of_centre(f);
        for (const Eigen::Index g : used) product += inverse(g, f) * input(g);
        square += input(f) * product;
      }
      out[i] = weights_[i] * (1 / total_ + square);
    }
  });
  return out;
}

}  // namespace odot::inline ODOT_PRECISION
