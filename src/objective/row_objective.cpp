// The objective of one row of factors, from its quadratic or from the gathered columns of its ratings.
#include "objective/row_objective.hpp"

#include <algorithm>
#include <array>

#include "kernels/row_products.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Gathered columns whose products are computed at a time.
constexpr std::size_t kBlock = 64;

// out ← A x for a symmetric n × n matrix A, as a sum of its rows.
void symmetric_product(const Real* a, const Real* x, std::size_t n, Vector& out) {
  std::fill(out.begin(), out.end(), Real{0});
  add_weighted_rows(x, {a, n}, n, n, out.data());
}

// Calls body(first, columns, count) for all gathered columns, a block at a time.
template <class Body>
void for_each_block(const GatheredColumns& gathered, Body&& body) {
  for (std::size_t first = 0; first < gathered.size(); first += kBlock) {
    body(first, gathered.columns(first), std::min(kBlock, gathered.size() - first));
  }
}

}  // namespace

RowObjective::RowObjective(std::size_t stride, int pinned)
    : stride_(stride), pinned_(pinned), step_(stride), product_(stride) {}

void RowObjective::set(const RowQuadratic& quadratic, ConstSpan origin, double lambda) {
  quadratic_ = &quadratic;
  gathered_ = nullptr;
  origin_ = origin;
  lambda_ = lambda;
}

void RowObjective::set(const GatheredColumns& gathered, ConstSpan origin, double lambda) {
  quadratic_ = nullptr;
  gathered_ = &gathered;
  origin_ = origin;
  lambda_ = lambda;
}

double RowObjective::norm2(ConstSpan x) const {
  const double pin = pinned_ >= 0 ? static_cast<double>(x[static_cast<std::size_t>(pinned_)]) : 0;
  return dot(x, x) - pin * pin;
}

double RowObjective::value_at_origin() const {
  double squared_error = 0;
  if (quadratic_) {
    squared_error = quadratic_->squared_error;
  } else {
    for (std::size_t t = 0; t < gathered_->size(); ++t) {
      squared_error += static_cast<double>(gathered_->error(t)) * static_cast<double>(gathered_->error(t));
    }
  }
  return squared_error + lambda_ * norm2(origin_);
}

double RowObjective::value_gradient(ConstSpan x, Span gradient) {
  add_scaled(x, -1, origin_, step_);
  double squared_error = 0;
  if (quadratic_) {
    symmetric_product(quadratic_->gram.data(), step_.data(), stride_, product_);
    add_scaled(quadratic_->gradient, 1, product_, gradient);
    squared_error = quadratic_->squared_error + dot(step_, quadratic_->gradient) + dot(step_, gradient);
  } else {
    std::fill(gradient.begin(), gradient.end(), Real{0});
    for_each_block(*gathered_, [&](std::size_t first, RowsAt columns, std::size_t count) {
      std::array<Real, kBlock> errors;
      row_products({step_.data(), 0}, columns, stride_, count, errors.data());
      for (std::size_t t = 0; t < count; ++t) {
        errors[t] += gathered_->error(first + t);
        squared_error += static_cast<double>(errors[t]) * static_cast<double>(errors[t]);
      }
      add_weighted_rows(errors.data(), columns, stride_, count, gradient.data());
    });
  }
  add_scaled(gradient, lambda_, x, gradient);
  scale(2, gradient, gradient);
  if (pinned_ >= 0) gradient[static_cast<std::size_t>(pinned_)] = 0;
  return squared_error + lambda_ * norm2(x);
}

std::optional<LinePolynomial> RowObjective::line(ConstSpan x, ConstSpan d) {
  add_scaled(x, -1, origin_, step_);
  double slope = lambda_ * dot(x, d);
  double curvature = lambda_ * dot(d, d);
  if (quadratic_) {
    symmetric_product(quadratic_->gram.data(), d.data(), stride_, product_);
    slope += dot(quadratic_->gradient, d) + dot(step_, product_);
    curvature += dot(d, product_);
  } else {
    for_each_block(*gathered_, [&](std::size_t first, RowsAt columns, std::size_t count) {
      std::array<Real, kBlock> errors;
      std::array<Real, kBlock> changes;
      row_products({step_.data(), 0}, columns, stride_, count, errors.data());
      row_products({d.data(), 0}, columns, stride_, count, changes.data());
      for (std::size_t t = 0; t < count; ++t) {
        const double error = static_cast<double>(gathered_->error(first + t) + errors[t]);
        const double change = static_cast<double>(changes[t]);
        slope += error * change;
        curvature += change * change;
      }
    });
  }
  return LinePolynomial{{2 * slope, curvature, 0, 0}};
}

}  // namespace odot::inline ODOT_PRECISION
