#include "objective/row_objective.hpp"

#include "kernels/pack.hpp"

namespace odot {
namespace {

// out ← A x for a symmetric A, as a sum of its rows.
template <class Width>
void symmetric_product(Width width, const Real* a, const Real* x, std::size_t n, Pack* out) {
  Pack sum[Width::kCapacity];
  width.for_each([&](std::size_t k) { sum[k] = Pack{}; });
  for (std::size_t i = 0; i < n; ++i) {
    const Pack* row = as_packs(a + i * n);
    width.for_each([&](std::size_t k) { sum[k] += x[i] * row[k]; });
  }
  width.for_each([&](std::size_t k) { out[k] = sum[k]; });
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
  const double squared_error = with_width(stride_, [&](auto width) {
    const Pack* step = as_packs(step_.data());
    Pack* out = as_packs(gradient.data());
    if (quadratic_) {
      symmetric_product(width, quadratic_->gram.data(), step_.data(), stride_, as_packs(product_.data()));
      add_scaled(quadratic_->gradient, 1, product_, gradient);
      return quadratic_->squared_error + dot(step_, quadratic_->gradient) + dot(step_, gradient);
    }
    double sum = 0;
    width.for_each([&](std::size_t k) { out[k] = Pack{}; });
    for (std::size_t t = 0; t < gathered_->size(); ++t) {
      const Pack* column = as_packs(gathered_->column(t));
      const Real error = gathered_->error(t) + row_dot(width, step, column);
      sum += static_cast<double>(error) * static_cast<double>(error);
      width.for_each([&](std::size_t k) { out[k] += error * column[k]; });
    }
    return sum;
  });
  add_scaled(gradient, lambda_, x, gradient);
  scale(2, gradient, gradient);
  if (pinned_ >= 0) gradient[static_cast<std::size_t>(pinned_)] = 0;
  return squared_error + lambda_ * norm2(x);
}

std::optional<LinePolynomial> RowObjective::line(ConstSpan x, ConstSpan d) {
  add_scaled(x, -1, origin_, step_);
  double slope = lambda_ * dot(x, d);
  double curvature = lambda_ * dot(d, d);
  with_width(stride_, [&](auto width) {
    if (quadratic_) {
      symmetric_product(width, quadratic_->gram.data(), d.data(), stride_, as_packs(product_.data()));
      slope += dot(quadratic_->gradient, d) + dot(step_, product_);
      curvature += dot(d, product_);
      return;
    }
    for (std::size_t t = 0; t < gathered_->size(); ++t) {
      const Pack* column = as_packs(gathered_->column(t));
      const double error = static_cast<double>(gathered_->error(t) + row_dot(width, as_packs(step_.data()), column));
      const double change = static_cast<double>(row_dot(width, as_packs(d.data()), column));
      slope += error * change;
      curvature += change * change;
    }
  });
  return LinePolynomial{{2 * slope, curvature, 0, 0}};
}

}  // namespace odot
