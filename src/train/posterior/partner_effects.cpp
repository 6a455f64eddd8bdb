// Conjugate gradients for all columns of the effects at once, from where the last sweep left them.
#include "train/posterior/partner_effects.hpp"

#include <algorithm>
#include <utility>

#include "odot/core/parallel.hpp"
#include "train/posterior/partner_weights.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr Real kStrength = 2;  // τ

using Columns = std::vector<double>;  // a number for each column of Y

// Σ over rows of a_ik b_ik for every column k, in order, in double.
void column_products(const Vector& a, const Vector& b, std::size_t stride, Columns& out) {
  const std::size_t rows = a.size() / stride;
  const std::size_t length = std::max<std::size_t>(512, (rows + 63) / 64);
  std::vector<double> parts((rows + length - 1) / length * stride);
  parallel_for(parts.size() / stride, [&](std::size_t at) {
    double* part = parts.data() + at * stride;
    const std::size_t end = std::min(rows, (at + 1) * length);
    for (std::size_t i = at * length; i < end; ++i) {
      for (std::size_t k = 0; k < stride; ++k) {
        part[k] += static_cast<double>(a[i * stride + k]) * static_cast<double>(b[i * stride + k]);
      }
    }
  });
  std::fill(out.begin(), out.end(), 0.0);
  add_elements_in_order<double>(parts, out);
}

}  // namespace

PartnerEffects::PartnerEffects(const RatingSide& rows, const RatingSide& partners, std::size_t stride)
    : stride_(stride),
      over_partners_(rows, stride),
      over_rows_(partners, stride),
      inverse_(partners.rows()),
      sums_(rows.rows() * stride),
      of_rows_(sums_.size()),
      residual_(partners.rows() * stride),
      direction_(residual_.size()),
      product_(residual_.size()) {
  PartnerWeights weights(rows, partners);
  for (std::size_t j = 0; j < inverse_.size(); ++j) {
    inverse_[j] = static_cast<Real>(1 / (weights.squares[j] + static_cast<double>(kStrength)));
  }
  weights_ = std::move(weights.of_row);
}

void PartnerEffects::improve(const Real* rows, const Real* mean, Real* effects, int steps) {
  const std::size_t stride = stride_;
  const std::size_t count = weights_.size();
  const std::size_t partners = inverse_.size();
  const auto for_rows = [&](std::size_t n, auto&& body) {
    for_row_chunks(n, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) body(i, i * stride);
    });
  };
  // residual = Fᵀ(θ − μ − g) − τ y; over_rows_ sums rows that have their weight already.
  for_rows(count, [&](std::size_t i, std::size_t at) {
    for (std::size_t k = 0; k < stride; ++k) of_rows_[at + k] = weights_[i] * (rows[at + k] - mean[k] - sums_[at + k]);
  });
  over_rows_(of_rows_.data(), residual_.data());
  for_rows(partners, [&](std::size_t j, std::size_t at) {
    for (std::size_t k = 0; k < stride; ++k) {
      residual_[at + k] -= kStrength * effects[at + k];
      direction_[at + k] = inverse_[j] * residual_[at + k];
    }
  });
  Columns size(stride);
  Columns next_size(stride);
  Columns curvature(stride);
  std::vector<Real> factor(stride);
  column_products(residual_, direction_, stride, size);
  for (int step = 0;; ++step) {
    over_partners_(direction_.data(), of_rows_.data());
    for_rows(count, [&](std::size_t i, std::size_t at) {
      for (std::size_t k = 0; k < stride; ++k) of_rows_[at + k] *= weights_[i];  // F p
    });
    column_products(of_rows_, of_rows_, stride, curvature);
    Columns shrink(stride);
    column_products(direction_, direction_, stride, shrink);
    for (std::size_t k = 0; k < stride; ++k) {
      curvature[k] += static_cast<double>(kStrength) * shrink[k];
      factor[k] = curvature[k] > 0 ? static_cast<Real>(size[k] / curvature[k]) : Real{0};
    }
    for_rows(partners, [&](std::size_t, std::size_t at) {
      for (std::size_t k = 0; k < stride; ++k) effects[at + k] += factor[k] * direction_[at + k];
    });
    for_rows(count, [&](std::size_t i, std::size_t at) {
      for (std::size_t k = 0; k < stride; ++k) {
        sums_[at + k] += factor[k] * of_rows_[at + k];
        of_rows_[at + k] *= weights_[i];
      }
    });
    if (step + 1 == steps) break;
    over_rows_(of_rows_.data(), product_.data());
    for_rows(partners, [&](std::size_t j, std::size_t at) {
      for (std::size_t k = 0; k < stride; ++k) {
        residual_[at + k] -= factor[k] * (product_[at + k] + kStrength * direction_[at + k]);
        product_[at + k] = inverse_[j] * residual_[at + k];
      }
    });
    column_products(residual_, product_, stride, next_size);
    for (std::size_t k = 0; k < stride; ++k) factor[k] = size[k] > 0 ? static_cast<Real>(next_size[k] / size[k]) : 0;
    for_rows(partners, [&](std::size_t, std::size_t at) {
      for (std::size_t k = 0; k < stride; ++k) direction_[at + k] = product_[at + k] + factor[k] * direction_[at + k];
    });
    std::swap(size, next_size);
  }
  move_unrated();
}

void PartnerEffects::move_unrated() {
  const std::size_t count = weights_.size();
  const auto rated = static_cast<double>(std::ranges::count_if(weights_, [](Real weight) { return weight > 0; }));
  if (rated == 0 || rated == static_cast<double>(count)) return;
  std::vector<double> mean(stride_);
  for (std::size_t i = 0; i < count; ++i) {
    if (weights_[i] == 0) continue;
    for (std::size_t k = 0; k < stride_; ++k) mean[k] += static_cast<double>(sums_[i * stride_ + k]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (weights_[i] > 0) continue;
    for (std::size_t k = 0; k < stride_; ++k) sums_[i * stride_ + k] = static_cast<Real>(mean[k] / rated);
  }
}

Vector sums_of_effects(const RatingSide& rows, const Vector& effects, std::size_t stride) {
  if (effects.empty()) return {};
  Vector sums(rows.rows() * stride);
  MaskedSums(rows, stride)(effects.data(), sums.data());
  for (Index row = 0; row < rows.rows(); ++row) {
    const Real weight = partner_weight(rows.count(row));
    for (std::size_t k = 0; k < stride; ++k) sums[row * stride + k] *= weight;
  }
  return sums;
}

}  // namespace odot::inline ODOT_PRECISION
