// The objective of one row of factors while all columns stay as they are.
#pragma once

#include "kernels/row_quadratic.hpp"
#include "odot/core/precision.hpp"
#include "odot/optim/objective.hpp"

namespace odot::inline ODOT_PRECISION {

/// q(u) = Σ_j (u·v_j − x_j)² + λ ‖u‖² over the ratings of one row (document, equations 7 to 10). A pinned element is a
/// constant: not penalised, its gradient zero. One object serves any number of rows, one after another, and allocates
/// nothing for them.
class RowObjective : public Objective {
 public:
  /// `stride` elements a row; `pinned` is the pinned one, or −1.
  RowObjective(std::size_t stride, int pinned);

  /// From now on the row whose quadratic about `origin` is `quadratic`, mirrored: an evaluation costs stride² and reads
  /// no rating. Both must stay as they are.
  void set(const RowQuadratic& quadratic, ConstSpan origin, double lambda);

  /// From now on the row whose columns are `gathered`, with errors at `origin`: an evaluation costs twice stride for
  /// each of its ratings. Both must stay as they are.
  void set(const GatheredColumns& gathered, ConstSpan origin, double lambda);

  std::size_t size() const override { return stride_; }
  double value_gradient(ConstSpan x, Span gradient) override;
  std::optional<LinePolynomial> line(ConstSpan x, ConstSpan d) override;

  /// q at `origin`.
  double value_at_origin() const;

 private:
  double norm2(ConstSpan x) const;  // without the pinned element

  std::size_t stride_;
  int pinned_;
  const RowQuadratic* quadratic_ = nullptr;    // either this
  const GatheredColumns* gathered_ = nullptr;  // or this
  ConstSpan origin_;
  double lambda_ = 0;
  Vector step_;     // x − origin
  Vector product_;  // gram · step
};

}  // namespace odot::inline ODOT_PRECISION
