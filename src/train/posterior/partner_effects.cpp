// Conjugate gradients for some columns of the effects at once, from where the last sweep left them.
#include "train/posterior/partner_effects.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/sum_over_rows.hpp"
#include "odot/core/parallel.hpp"
#include "train/posterior/partner_weights.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr Real kStrength = 2;  // τ

// The work space's rows.
constexpr std::size_t kWidth = EffectsWorkspace::kWidth;

using Columns = std::vector<double>;  // a number for each column of a stretch

Real share(double of, double whole) { return whole > 0 ? static_cast<Real>(of / whole) : Real{0}; }

}  // namespace

PartnerEffects::PartnerEffects(const RatingSide& rows, const RatingSide& partners, std::size_t stride)
    : stride_(stride),
      over_partners_(rows, kWidth),
      over_rows_(partners, kWidth),
      inverse_(partners.rows()),
      sums_(rows.rows() * stride) {
  PartnerWeights weights(rows, partners);
  for (std::size_t j = 0; j < inverse_.size(); ++j) {
    inverse_[j] = static_cast<Real>(1 / (weights.squares[j] + static_cast<double>(kStrength)));
  }
  weights_ = std::move(weights.of_row);
}

void PartnerEffects::improve(const Real* rows, const Real* mean, Real* effects, int steps, EffectsWorkspace& work) {
  const auto fit = [](Vector& part, std::size_t count) { part.resize(std::max(part.size(), count * kWidth)); };
  fit(work.of_rows, weights_.size());
  fit(work.residual, inverse_.size());
  fit(work.direction, inverse_.size());
  for (std::size_t first = 0; first < stride_; first += kWidth) {
    improve_stretch(
        {rows + first, mean + first, effects + first, sums_.data() + first, std::min(kWidth, stride_ - first), steps},
        work);
  }
  move_unrated();
}

void PartnerEffects::improve_stretch(const Stretch& at, EffectsWorkspace& work) {
  const std::size_t count = weights_.size();
  const std::size_t partners = inverse_.size();
  Real* of_rows = work.of_rows.data();
  Real* residual = work.residual.data();
  Real* direction = work.direction.data();
  // What a body adds to a sum for each column, called for each of so many rows.
  const auto sums_over = [](std::size_t n, auto&& body) { return sum_over_rows(n, kWidth, body); };

  // residual = Fᵀ(θ − μ − g) − τ y; over_rows_ sums rows that have their weight already.
  for_row_chunks(count, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Real* row = at.rows + i * stride_;
      const Real* sum = at.sums + i * stride_;
      Real* to = of_rows + i * kWidth;
      for (std::size_t k = 0; k < at.width; ++k) to[k] = weights_[i] * (row[k] - at.mean[k] - sum[k]);
      std::fill(to + at.width, to + kWidth, Real{0});
    }
  });
  over_rows_(of_rows, residual);
  Columns size = sums_over(partners, [&](std::size_t j, double* part) {
    for (std::size_t k = 0; k < at.width; ++k) {
      residual[j * kWidth + k] -= kStrength * at.effects[j * stride_ + k];
    }
    for (std::size_t k = j * kWidth; k < (j + 1) * kWidth; ++k) {
      direction[k] = inverse_[j] * residual[k];
      *part++ += static_cast<double>(residual[k]) * static_cast<double>(direction[k]);
    }
  });
  std::array<Real, kWidth> factor;
  for (int step = 0;; ++step) {
    over_partners_(direction, of_rows);
    // Of F p, and of p.
    const Columns moved = sums_over(count, [&](std::size_t i, double* part) {
      for (std::size_t k = i * kWidth; k < (i + 1) * kWidth; ++k) {
        of_rows[k] *= weights_[i];
        const auto value = static_cast<double>(of_rows[k]);
        *part++ += value * value;
      }
    });
    const Columns shrunk = sums_over(partners, [&](std::size_t j, double* part) {
      for (std::size_t k = j * kWidth; k < (j + 1) * kWidth; ++k) {
        const auto value = static_cast<double>(direction[k]);
        *part++ += value * value;
      }
    });
    for (std::size_t k = 0; k < kWidth; ++k) {
      factor[k] = share(size[k], moved[k] + static_cast<double>(kStrength) * shrunk[k]);
    }
    for_row_chunks(partners, [&](std::size_t begin, std::size_t end) {
      for (std::size_t j = begin; j < end; ++j) {
        Real* effect = at.effects + j * stride_;
        for (std::size_t k = 0; k < at.width; ++k) effect[k] += factor[k] * direction[j * kWidth + k];
      }
    });
    for_row_chunks(count, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        Real* sum = at.sums + i * stride_;
        Real* to = of_rows + i * kWidth;
        for (std::size_t k = 0; k < at.width; ++k) sum[k] += factor[k] * to[k];
        for (std::size_t k = 0; k < kWidth; ++k) to[k] *= weights_[i] * factor[k];
      }
    });
    if (step + 1 == at.steps) return;
    over_rows_.subtract(of_rows, residual);
    const Columns next = sums_over(partners, [&](std::size_t j, double* part) {
      for (std::size_t k = 0; k < kWidth; ++k) {
        Real& left = residual[j * kWidth + k];
        left -= factor[k] * kStrength * direction[j * kWidth + k];
        part[k] += static_cast<double>(left) * static_cast<double>(inverse_[j] * left);
      }
    });
    for (std::size_t k = 0; k < kWidth; ++k) factor[k] = share(next[k], size[k]);
    for_row_chunks(partners, [&](std::size_t begin, std::size_t end) {
      for (std::size_t j = begin; j < end; ++j) {
        for (std::size_t k = 0; k < kWidth; ++k) {
          Real& element = direction[j * kWidth + k];
          element = inverse_[j] * residual[j * kWidth + k] + factor[k] * element;
        }
      }
    });
    size = next;
  }
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
