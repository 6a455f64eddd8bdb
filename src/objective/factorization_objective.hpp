// The objective of the full factorisation, in U and V at once.
#pragma once

#include <optional>

#include "kernels/masked_gradient.hpp"
#include "kernels/masked_line.hpp"
#include "objective/all_entries.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/state.hpp"
#include "odot/model/factor_layout.hpp"
#include "odot/optim/objective.hpp"

namespace odot::inline ODOT_PRECISION {

/// f(U, V) = ‖W ∘ (X − UV)‖² + Σ_i λ_i ‖u_i‖² + Σ_j λ_j ‖v_j‖² over θ = [U | V] (document, equations 1 and 4; gradients
/// 2, 3, 5, 6), and what an UnobservedTerm adds. λ_i is λ plus lambda_per_rating times the
/// number of the row's ratings. Pinned columns are constants.
class FactorizationObjective : public Objective {
 public:
  /// `ratings` must outlive this; its users and items are those of `layout`.
  FactorizationObjective(const RatingMatrix& ratings, const FactorLayout& layout, double lambda,
                         double lambda_per_rating, const std::optional<UnobservedTerm>& unobserved = {});

  std::size_t size() const override { return layout_.size(); }

  /// Two passes, one by user and one by item.
  double value_gradient(ConstSpan theta, Span gradient) override;

  /// One pass, by user.
  std::optional<LinePolynomial> line(ConstSpan theta, ConstSpan direction) override;

  /// Visits what is not a function of θ alone: the next two.
  void visit(StateVisitor& visitor);

  /// Σ e² at the θ of the last value_gradient().
  double squared_error() const { return squared_error_; }

  /// Times that one orientation of the ratings was read from front to back.
  long passes() const { return passes_; }

 private:
  FactorLayout layout_;
  RatingSide by_user_;
  RatingSide by_item_;
  Penalty user_penalty_;
  Penalty item_penalty_;
  MaskedGradient user_gradient_;
  MaskedGradient item_gradient_;
  MaskedLine user_line_;
  std::optional<AllEntries> all_;
  double squared_error_ = 0;
  long passes_ = 0;
};

}  // namespace odot::inline ODOT_PRECISION
