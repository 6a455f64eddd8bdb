// Masked factorisations of every awkward shape, and their value, gradient and line worked out rating by rating in long
// double from the triples alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "objective/all_entries.hpp"
#include "odot/model/factor_layout.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "support/optim_problems.hpp"

namespace odot::test {

using Long = long double;

/// f(U, V) = Σ (u_i·v_j − x_ij)² + Σ λ_i ‖u_i‖² + Σ λ_j ‖v_j‖² without the pins in the norms; λ_i = λ + per_rating
/// times the row's ratings. With an unobserved_weight also that times Σ (u_i·v_j − unobserved_target)² over all i and
/// j.
struct FactorizationProblem {
  FactorLayout layout;
  Triples ratings;
  double lambda = 0;
  double per_rating = 0;
  double unobserved_weight = 0;
  double unobserved_target = 0;

  RatingMatrix matrix() const { return {layout.users, layout.items, ratings}; }
};

/// What the objective is given of it.
inline std::optional<UnobservedTerm> unobserved_term(const FactorizationProblem& problem) {
  if (problem.unobserved_weight == 0) return std::nullopt;
  return UnobservedTerm{problem.unobserved_weight, problem.unobserved_target};
}

/// The same problem with such a term.
inline FactorizationProblem with_unobserved(FactorizationProblem problem, double weight, double target) {
  problem.unobserved_weight = weight;
  problem.unobserved_target = target;
  return problem;
}

/// User 0 and item 0 have no rating, user 1 and item 1 one, user 2 has one of every other item, the rest `each`.
inline Triples shaped_ratings(Index users, Index items, Index each, std::uint64_t seed) {
  Uniform uniform(seed);
  Triples ratings;
  const auto add = [&](Index user, Index item) {
    ratings.user.push_back(user);
    ratings.item.push_back(item);
    ratings.value.push_back(static_cast<Real>(uniform(-2, 5)));
  };
  for (Index user = users; user-- > 3;) {
    const auto first = static_cast<Index>(uniform(0, items - 2));
    for (Index k = 0; k < each; ++k) add(user, 2 + (first + k * 7) % (items - 2));
  }
  for (Index item = 1; item < items; ++item) add(2, item);
  add(1, 2);
  return ratings;
}

/// The same ratings with users and items exchanged.
inline Triples transposed(Triples ratings) {
  std::swap(ratings.user, ratings.item);
  return ratings;
}

/// For messages.
inline std::string describe(const FactorizationProblem& problem) {
  return "rank " + std::to_string(problem.layout.rank) + (problem.layout.biases ? " with biases" : "") + ", lambda " +
         std::to_string(problem.lambda) + ", " + std::to_string(problem.per_rating) + " a rating, unobserved " +
         std::to_string(problem.unobserved_weight) + " to " + std::to_string(problem.unobserved_target);
}

/// 40 × 112.
inline FactorizationProblem small_problem(int rank, bool biases, double lambda = 0, double per_rating = 0) {
  return {{40, 112, rank, biases}, shaped_ratings(40, 112, 3, 1), lambda, per_rating};
}

/// 303 × 9003: one user has half of all ratings.
inline FactorizationProblem long_row_problem(int rank, bool biases, double lambda, double per_rating) {
  return {{303, 9003, rank, biases}, shaped_ratings(303, 9003, 30, 2), lambda, per_rating};
}

/// 9003 × 303: one item has half of all ratings.
inline FactorizationProblem long_column_problem(int rank, bool biases, double lambda, double per_rating) {
  return {{9003, 303, rank, biases}, transposed(shaped_ratings(303, 9003, 30, 3)), lambda, per_rating};
}

/// Uniform numbers in the factors' and biases' columns, `pin` in the pinned ones, zero in the padding.
inline Vector random_theta(const FactorLayout& layout, double pin, std::uint64_t seed) {
  Uniform uniform(seed);
  Vector theta(layout.size());
  const double size = 2 / std::sqrt(std::sqrt(static_cast<double>(layout.rank)));
  const std::size_t rows = std::size_t{layout.users} + layout.items;
  for (std::size_t row = 0; row < rows; ++row) {
    Real* values = theta.data() + row * layout.stride();
    for (std::size_t k = 0; k < layout.width(); ++k) values[k] = static_cast<Real>(uniform(-size, size));
    if (layout.biases) values[row < layout.users ? layout.user_pin() : layout.item_pin()] = static_cast<Real>(pin);
  }
  return theta;
}

/// What an objective evaluates to. gradient_size holds the sums of the terms' absolute values: rounding is relative
/// to that.
struct NaiveEvaluation {
  Long squared_error = 0;
  Long user_penalty = 0;
  Long item_penalty = 0;
  Long unobserved = 0;
  std::vector<Long> gradient;
  std::vector<Long> gradient_size;

  Long value() const { return squared_error + user_penalty + item_penalty + unobserved; }
};

/// θ as long doubles.
inline std::vector<Long> widen(ConstSpan theta) { return std::vector<Long>(theta.begin(), theta.end()); }

/// The λ of each row of θ.
inline std::vector<Long> row_lambdas(const FactorizationProblem& problem) {
  const FactorLayout& layout = problem.layout;
  std::vector<Long> lambdas(std::size_t{layout.users} + layout.items, problem.lambda);
  for (std::size_t t = 0; t < problem.ratings.size(); ++t) {
    lambdas[problem.ratings.user[t]] += problem.per_rating;
    lambdas[std::size_t{layout.users} + problem.ratings.item[t]] += problem.per_rating;
  }
  return lambdas;
}

inline NaiveEvaluation naive_evaluate(const FactorizationProblem& problem, const std::vector<Long>& theta) {
  const FactorLayout& layout = problem.layout;
  const std::size_t width = layout.width();
  NaiveEvaluation result;
  result.gradient.assign(layout.size(), 0);
  result.gradient_size.assign(layout.size(), 0);
  // weight (u·v − target)²
  const auto add = [&](std::size_t u, std::size_t v, Long target, Long weight) {
    Long e = -target;
    Long e_size = std::abs(e);
    for (std::size_t k = 0; k < width; ++k) {
      e += theta[u + k] * theta[v + k];
      e_size += std::abs(theta[u + k] * theta[v + k]);
    }
    for (std::size_t k = 0; k < width; ++k) {
      result.gradient[u + k] += 2 * weight * e * theta[v + k];
      result.gradient[v + k] += 2 * weight * e * theta[u + k];
      result.gradient_size[u + k] += 2 * weight * e_size * std::abs(theta[v + k]);
      result.gradient_size[v + k] += 2 * weight * e_size * std::abs(theta[u + k]);
    }
    return weight * e * e;
  };
  for (std::size_t t = 0; t < problem.ratings.size(); ++t) {
    result.squared_error += add(layout.user_row(problem.ratings.user[t]), layout.item_row(problem.ratings.item[t]),
                                static_cast<Long>(problem.ratings.value[t]), 1);
  }
  for (Index i = 0; problem.unobserved_weight > 0 && i < layout.users; ++i) {
    for (Index j = 0; j < layout.items; ++j) {
      result.unobserved +=
          add(layout.user_row(i), layout.item_row(j), problem.unobserved_target, problem.unobserved_weight);
    }
  }
  const std::vector<Long> lambdas = row_lambdas(problem);
  for (std::size_t row = 0; row < lambdas.size(); ++row) {
    const bool is_user = row < layout.users;
    const int pin = is_user ? layout.user_pin() : layout.item_pin();
    for (std::size_t k = 0; k < width; ++k) {
      const std::size_t at = row * layout.stride() + k;
      if (static_cast<int>(k) == pin) {
        result.gradient[at] = 0;
        result.gradient_size[at] = 0;
        continue;
      }
      (is_user ? result.user_penalty : result.item_penalty) += lambdas[row] * theta[at] * theta[at];
      result.gradient[at] += 2 * lambdas[row] * theta[at];
      result.gradient_size[at] += 2 * lambdas[row] * std::abs(theta[at]);
    }
  }
  return result;
}

/// The largest |gradient − naive| of a row's elements, each relative to the size of its terms; infinite where an
/// element that must be zero is not.
inline double gradient_error(ConstSpan gradient, const NaiveEvaluation& naive, std::size_t begin, std::size_t end) {
  double worst = 0;
  for (std::size_t k = begin; k < end; ++k) {
    const Long error = std::abs(static_cast<Long>(gradient[k]) - naive.gradient[k]);
    // Not std::max, which would lose a NaN.
    const auto relative = static_cast<double>(error == 0 ? 0 : error / naive.gradient_size[k]);
    if (!(relative <= worst)) worst = relative;
  }
  return worst;
}

inline double gradient_error(ConstSpan gradient, const NaiveEvaluation& naive) {
  return gradient_error(gradient, naive, 0, gradient.size());
}

/// |x − y| / |y|.
inline double relative(Long x, Long y) { return static_cast<double>(x == y ? 0 : std::abs(x - y) / std::abs(y)); }

}  // namespace odot::test
