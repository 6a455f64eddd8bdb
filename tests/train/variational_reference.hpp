// Variational factorisation as its formulas have it: dense, rating by rating, in long double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "odot/model/factorization.hpp"
#include "odot/ratings/rating_list.hpp"
#include "train/ordinal_reference.hpp"
#include "train/reference_shift.hpp"
#include "train/reference_side.hpp"

namespace odot::test {

/// Sweeps at the start in which partners are points where ratings are few: no objective before they are over.
inline constexpr int kPointSweeps = 2;

/// Starts from the factors of `start`, an untrained model, which centres if its mean is not 0; with a link from its cut
/// points, ratings being intervals.
class VariationalReference {
 public:
  VariationalReference(const Factorization& start, const Triples& ratings, const std::string& svdpp)
      : layout_(start.layout),
        unit_(start.link ? 1.35L : static_cast<Long>(summarize(ratings.value).scale())),
        triples_(ratings) {
    if (start.link) {
      ordinal_.cuts.assign(start.link->cuts.begin(), start.link->cuts.end());
      for (const Real value : ratings.value) {
        ordinal_.classes.push_back(
            static_cast<std::size_t>(std::ranges::find(start.link->values, value) - start.link->values.begin()));
      }
    }
    const Long pin = std::sqrt(unit_);
    for (const Real value : ratings.value) values_.push_back(static_cast<Long>(value) - static_cast<Long>(start.mean));
    for (const bool users : {true, false}) {
      ReferenceSide& side = users ? users_ : items_;
      const Index rows = users ? layout_.users : layout_.items;
      const int pinned = users ? layout_.user_pin() : layout_.item_pin();
      side.moved = svdpp == "both" || svdpp == (users ? "users" : "items");
      const std::size_t width = layout_.width();
      side.ratings.resize(rows);
      side.means.assign(rows, LongVector(width));
      side.variances = side.sums = side.partner = side.moves = side.means;
      side.effects.assign(users ? layout_.items : layout_.users, LongVector(width));
      for (Index row = 0; row < rows; ++row) {
        const std::size_t first = users ? layout_.user_row(row) : layout_.item_row(row);
        for (int k = 0; k < layout_.rank; ++k) {
          side.means[row][static_cast<std::size_t>(k)] =
              static_cast<Long>(start.theta[first + static_cast<std::size_t>(k)]);
        }
        if (pinned >= 0) side.means[row][static_cast<std::size_t>(pinned)] = pin;
      }
      for (std::size_t k = 0; k < width; ++k) {
        if (static_cast<int>(k) != pinned) side.free.push_back(k);
      }
      const std::size_t n = side.free.size();
      side.prior_mean.resize(n);
      side.precision.assign(n, LongVector(n));
      for (std::size_t k = 0; k < n; ++k) side.precision[k][k] = 10 / unit_;
    }
    for (std::size_t t = 0; t < ratings.size(); ++t) {
      users_.ratings[ratings.user[t]].push_back(t);
      items_.ratings[ratings.item[t]].push_back(t);
    }
    noise_ = ordinal() ? 1 : 1.5L / (unit_ * unit_);
  }

  /// Features of users or of items, a row of inputs for each.
  void set_inputs(bool users, const LongMatrix& inputs) {
    ReferenceSide& side = users ? users_ : items_;
    side.inputs = inputs;
    raw_inputs_[users ? 0 : 1] = inputs;
    LongVector rated;
    for (const auto& of_row : side.ratings) rated.push_back(of_row.empty() ? 0 : 1);
    centre(side.inputs, rated);
    side.feature_effects.assign(inputs[0].size(), LongVector(layout_.width()));
  }

  /// Sets value() to the divergence after the sweep, before the effects move. In the first two, partners are points,
  /// the noise stays as it is, and value() is nothing.
  void sweep() {
    const bool sparse = ordinal() || ratings() < 2 * layout_.rank * (users_.rated() + items_.rated());
    points_ = sweeps_++ < kPointSweeps && sparse;
    expect_latent();
    infer(users_, items_, triples_.item);
    expect_latent();
    infer(items_, users_, triples_.user);
    if (ordinal()) {
      value_ = variances() / 2 - ordinal_.log_likelihood(latents());
      ordinal_.move_cuts(latents());
    } else {
      if (!points_) noise_ = (ratings() + 2) / (expected_error() + unit_ * unit_);
      value_ = noise_ / 2 * (expected_error() + unit_ * unit_) - (ratings() + 2) / 2 * std::log(noise_);
    }
    for (ReferenceSide* side : {&users_, &items_}) {
      learn(*side);
      value_ += divergence(*side);
    }
    if (users_.moved) move(users_, triples_.item);
    if (items_.moved) move(items_, triples_.user);
    for (const bool users : {true, false}) {
      ReferenceSide& side = users ? users_ : items_;
      if (!side.inputs.empty()) explain(side, users, raw_inputs_[users ? 0 : 1], users ? 30 : 3000);
      for (std::size_t row = 0; row < side.means.size(); ++row) {
        for (const std::size_t k : side.free) side.sums[row][k] = side.partner[row][k] + side.moves[row][k];
      }
    }
  }

  Long value() const { return value_; }
  Long noise() const { return noise_; }
  const LongVector& cuts() const { return ordinal_.cuts; }
  const ReferenceSide& users() const { return users_; }
  const ReferenceSide& items() const { return items_; }

 private:
  bool ordinal() const { return !ordinal_.cuts.empty(); }

  Long latent(std::size_t t) const {
    Long sum = 0;
    const LongVector& u = users_.means[triples_.user[t]];
    for (std::size_t k = 0; k < u.size(); ++k) sum += u[k] * items_.means[triples_.item[t]][k];
    return sum;
  }

  LongVector latents() const {
    LongVector out(values_.size());
    for (std::size_t t = 0; t < out.size(); ++t) out[t] = latent(t);
    return out;
  }

  // Ratings become the means of normal numbers within their intervals.
  void expect_latent() {
    curvatures_.assign(values_.size(), 1);
    for (std::size_t t = 0; ordinal() && t < values_.size(); ++t) {
      values_[t] = ordinal_.target(t, latent(t));
      curvatures_[t] = ordinal_.curvature(t, latent(t));
    }
  }

  Long variances() const {
    Long sum = expected_error();
    for (std::size_t t = 0; t < values_.size(); ++t) sum -= (values_[t] - latent(t)) * (values_[t] - latent(t));
    return sum;
  }

  Long ratings() const { return static_cast<Long>(values_.size()); }

  void infer(ReferenceSide& side, const ReferenceSide& other, const std::vector<Index>& partners) const {
    const std::size_t n = side.free.size();
    for (std::size_t row = 0; row < side.means.size(); ++row) {
      LongVector& mean = side.means[row];
      LongMatrix p = side.precision;
      LongVector b(n);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < n; ++k) b[i] += p[i][k] * (side.prior_mean[k] + side.sums[row][side.free[k]]);
      }
      for (const std::size_t t : side.ratings[row]) {
        const LongVector& c = other.means[partners[t]];
        const LongVector& w = other.variances[partners[t]];
        Long x = values_[t];
        for (std::size_t k = 0; k < c.size(); ++k) x -= mean[k] * c[k];
        for (const std::size_t k : side.free) x += mean[k] * c[k];
        for (std::size_t i = 0; i < n; ++i) {
          b[i] += noise_ * x * c[side.free[i]];
          if (!points_) p[i][i] += noise_ * w[side.free[i]];
          for (std::size_t k = 0; k < n; ++k) p[i][k] += noise_ * c[side.free[i]] * c[side.free[k]];
        }
      }
      Long share = 0;
      for (const std::size_t t : side.ratings[row]) {
        share += curvatures_[t] / static_cast<Long>(side.ratings[row].size());
      }
      const LongVector solution = dense_solve(p, b);
      for (std::size_t i = 0; i < n; ++i) {
        mean[side.free[i]] = solution[i];
        const Long of_prior = side.precision[i][i];
        side.variances[row][side.free[i]] = 1 / (of_prior + share * (p[i][i] - of_prior));
      }
    }
  }

  Long expected_error() const {
    Long sum = 0;
    for (std::size_t t = 0; t < values_.size(); ++t) {
      const LongVector& u = users_.means[triples_.user[t]];
      const LongVector& v = users_.variances[triples_.user[t]];
      const LongVector& c = items_.means[triples_.item[t]];
      const LongVector& w = items_.variances[triples_.item[t]];
      Long error = values_[t];
      for (std::size_t k = 0; k < u.size(); ++k) {
        error -= u[k] * c[k];
        sum += v[k] * c[k] * c[k] + u[k] * u[k] * w[k] + v[k] * w[k];
      }
      sum += error * error;
    }
    return sum;
  }

  static Long rho(const ReferenceSide& side, std::size_t row, std::size_t i) {
    return side.means[row][side.free[i]] - side.sums[row][side.free[i]];
  }

  // W₀⁻¹ + Σ E (ρ − μ)(ρ − μ)ᵀ + 2μμᵀ.
  LongMatrix spread(const ReferenceSide& side) const {
    const std::size_t n = side.free.size();
    LongMatrix out(n, LongVector(n));
    for (std::size_t i = 0; i < n; ++i) {
      out[i][i] = 0.1L * unit_;
      for (std::size_t k = 0; k < n; ++k) out[i][k] += 2 * side.prior_mean[i] * side.prior_mean[k];
    }
    for (const LongVector& effect : side.feature_effects) {
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < n; ++k) out[i][k] += 2 * effect[side.free[i]] * effect[side.free[k]];
      }
    }
    for (std::size_t row = 0; row < side.means.size(); ++row) {
      if (side.ratings[row].empty()) continue;
      for (std::size_t i = 0; i < n; ++i) {
        out[i][i] += side.variances[row][side.free[i]];
        for (std::size_t k = 0; k < n; ++k) {
          out[i][k] += (rho(side, row, i) - side.prior_mean[i]) * (rho(side, row, k) - side.prior_mean[k]);
        }
      }
    }
    return out;
  }

  void learn(ReferenceSide& side) const {
    const std::size_t n = side.free.size();
    for (std::size_t i = 0; i < n; ++i) {
      side.prior_mean[i] = 0;
      for (std::size_t row = 0; row < side.means.size(); ++row) {
        if (!side.ratings[row].empty()) side.prior_mean[i] += rho(side, row, i);
      }
      side.prior_mean[i] /= side.rated() + 2;
    }
    const LongMatrix about = spread(side);
    for (std::size_t i = 0; i < n; ++i) {
      LongVector unit(n);
      unit[i] = 1 + side.rated() + side.input_count();
      side.precision[i] = dense_solve(about, unit);
    }
  }

  Long divergence(const ReferenceSide& side) const {
    const std::size_t n = side.free.size();
    const LongMatrix about = spread(side);
    Long sum = -(1 + side.rated() + side.input_count()) / 2 * reference_log_det(side.precision);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) sum += side.precision[i][k] * about[k][i] / 2;
      for (std::size_t row = 0; row < side.means.size(); ++row) {
        if (!side.ratings[row].empty()) sum -= std::log(side.variances[row][side.free[i]]) / 2;
      }
    }
    return sum;
  }

  // Two steps of conjugate gradients, preconditioned by the diagonal, towards (FᵀF + 2I) y = Fᵀ(θ − μ); then g = F y.
  void move(ReferenceSide& side, const std::vector<Index>& partners) const {
    const std::size_t count = side.effects.size();
    const auto weight = [&](std::size_t row) { return 1 / std::sqrt(static_cast<Long>(side.ratings[row].size())); };
    const auto times = [&](const LongVector& y) {
      LongVector out(side.means.size());
      for (std::size_t row = 0; row < out.size(); ++row) {
        for (const std::size_t t : side.ratings[row]) out[row] += weight(row) * y[partners[t]];
      }
      return out;
    };
    const auto transposed_times = [&](const LongVector& x) {
      LongVector out(count);
      for (std::size_t row = 0; row < x.size(); ++row) {
        for (const std::size_t t : side.ratings[row]) out[partners[t]] += weight(row) * x[row];
      }
      return out;
    };
    const auto dot = [](const LongVector& a, const LongVector& b) {
      Long sum = 0;
      for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
      return sum;
    };
    LongVector diagonal(count, 2);
    for (std::size_t row = 0; row < side.means.size(); ++row) {
      for (const std::size_t t : side.ratings[row]) diagonal[partners[t]] += weight(row) * weight(row);
    }
    for (std::size_t i = 0; i < side.free.size(); ++i) {
      const std::size_t k = side.free[i];
      LongVector y(count);
      for (std::size_t j = 0; j < count; ++j) y[j] = side.effects[j][k];
      const LongVector now = times(y);
      LongVector left(side.means.size());
      for (std::size_t row = 0; row < left.size(); ++row)
        left[row] = side.means[row][k] - side.prior_mean[i] - now[row] - side.moves[row][k];
      LongVector residual = transposed_times(left);
      LongVector scaled(count);
      LongVector direction(count);
      for (std::size_t j = 0; j < count; ++j) {
        residual[j] -= 2 * y[j];
        direction[j] = residual[j] / diagonal[j];
      }
      Long size = dot(residual, direction);
      for (int step = 0; step < 2 && size > 0; ++step) {
        LongVector product = transposed_times(times(direction));
        for (std::size_t j = 0; j < count; ++j) product[j] += 2 * direction[j];
        const Long length = size / dot(direction, product);
        for (std::size_t j = 0; j < count; ++j) {
          y[j] += length * direction[j];
          residual[j] -= length * product[j];
          scaled[j] = residual[j] / diagonal[j];
        }
        const Long next = dot(residual, scaled);
        for (std::size_t j = 0; j < count; ++j) direction[j] = scaled[j] + next / size * direction[j];
        size = next;
      }
      for (std::size_t j = 0; j < count; ++j) side.effects[j][k] = y[j];
      const LongVector sums = times(y);
      Long all = 0;
      for (const Long sum : sums) all += sum;
      for (std::size_t row = 0; row < sums.size(); ++row) {
        side.partner[row][k] = side.ratings[row].empty() ? all / static_cast<Long>(side.rated()) : sums[row];
      }
    }
  }

  // B of what is left of the rated rows, τ = 2; then the rows without ratings.
  void explain(ReferenceSide& side, bool users, const LongMatrix& raw, Long half) const {
    LongMatrix left = side.means;
    LongVector rated(left.size());
    LongVector weights(left.size());
    Long sum = 0;
    for (std::size_t row = 0; row < left.size(); ++row) {
      const auto count = static_cast<Long>(side.ratings[row].size());
      rated[row] = count > 0 ? 1 : 0;
      weights[row] = count / (count + half);
      sum += weights[row];
      LongVector of_free;
      for (std::size_t i = 0; i < side.free.size(); ++i) {
        const std::size_t k = side.free[i];
        of_free.push_back(side.means[row][k] - side.prior_mean[i] - side.partner[row][k]);
      }
      left[row] = of_free;
    }
    for (Long& weight : weights) weight *= static_cast<Long>(side.rated()) / sum;
    const LongMatrix effects = dense_ridge(side.inputs, rated, left, 2);
    LongMatrix whole = left;
    for (std::size_t row = 0; row < left.size(); ++row) {
      for (std::size_t i = 0; i < side.free.size(); ++i) {
        const std::size_t k = side.free[i];
        whole[row][i] = side.means[row][k];
        side.moves[row][k] = 0;
        for (std::size_t f = 0; f < effects.size(); ++f) {
          side.feature_effects[f][k] = effects[f][i];
          side.moves[row][k] += side.inputs[row][f] * effects[f][i];
        }
      }
    }
    const RidgePrediction expected = ridge_predictions(raw, weights, whole, 3);
    const LongVector shift = reference_shift(side, users ? items_.means : users_.means,
                                             users ? triples_.item : triples_.user, values_, unit_, expected.rows);
    for (std::size_t row = 0; row < left.size(); ++row) {
      if (rated[row] != 0) continue;
      for (std::size_t i = 0; i < side.free.size(); ++i)
        side.means[row][side.free[i]] = expected.rows[row][i] + shift[i];
    }
  }

  FactorLayout layout_;
  Long unit_;
  Triples triples_;
  LongVector values_;
  OrdinalReference ordinal_;
  LongVector curvatures_;  // of −log P; of numbers 1
  ReferenceSide users_;
  ReferenceSide items_;
  LongMatrix raw_inputs_[2];
  int sweeps_ = 0;
  bool points_ = false;
  Long noise_ = 0;
  Long value_ = 0;
};

}  // namespace odot::test
