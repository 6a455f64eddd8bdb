// The objective of the full factorisation: masked passes and penalties of both sides.
#include "objective/factorization_objective.hpp"

namespace odot::inline ODOT_PRECISION {

FactorizationObjective::FactorizationObjective(const RatingMatrix& ratings, const FactorLayout& layout, double lambda,
                                               double lambda_per_rating,
                                               const std::optional<UnobservedTerm>& unobserved)
    : layout_(layout),
      by_user_(ratings.by_user()),
      by_item_(ratings.by_item()),
      user_penalty_{lambda, lambda_per_rating, layout.user_pin()},
      item_penalty_{lambda, lambda_per_rating, layout.item_pin()},
      user_gradient_(by_user_, layout.stride()),
      item_gradient_(by_item_, layout.stride()),
      user_line_(by_user_, layout.stride()) {
  if (unobserved) all_.emplace(layout, *unobserved);
}

double FactorizationObjective::value_gradient(ConstSpan theta, Span gradient) {
  const std::size_t v = layout_.item_row(0);
  const Real* users = theta.data();
  const Real* items = theta.data() + v;
  const PassSums of_users = user_gradient_(users, items, user_penalty_, gradient.data());
  const PassSums of_items = item_gradient_(items, users, item_penalty_, gradient.data() + v);
  passes_ += 2;
  squared_error_ = of_users.squared_error;
  const double of_all = all_ ? all_->add_gradient(users, gradient.data()) : 0;
  return squared_error_ + of_users.penalty + of_items.penalty + of_all;
}

void FactorizationObjective::visit(StateVisitor& visitor) {
  visitor.number("squared_error", squared_error_);
  visitor.integer("passes", passes_);
}

std::optional<LinePolynomial> FactorizationObjective::line(ConstSpan theta, ConstSpan direction) {
  const std::size_t v = layout_.item_row(0);
  const std::size_t stride = layout_.stride();
  const LineSums sums = user_line_(theta.data(), theta.data() + v, direction.data(), direction.data() + v);
  ++passes_;
  const PenaltyLine users = penalty_line(by_user_, stride, user_penalty_, theta.data(), direction.data());
  const PenaltyLine items = penalty_line(by_item_, stride, item_penalty_, theta.data() + v, direction.data() + v);
  LinePolynomial line{{2 * (sums.el + users.cross + items.cross), sums.ll + 2 * sums.ew + users.square + items.square,
                       2 * sums.lw, sums.ww}};
  if (all_) {
    const LinePolynomial of_all = all_->line(theta.data(), direction.data());
    for (std::size_t k = 0; k < line.c.size(); ++k) line.c[k] += of_all.c[k];
  }
  return line;
}

}  // namespace odot::inline ODOT_PRECISION
