// One pass over the ratings for what is left of them; the partners' second moments need none.
#include "train/posterior/unrated_shift.hpp"

#include "core/sum_over_rows.hpp"
#include "model/dense_matrix.hpp"
#include "train/posterior/partner_weights.hpp"

namespace odot::inline ODOT_PRECISION {

UnratedShift::UnratedShift(const RatingSide& side, const RatingSide& other, const std::vector<std::size_t>& free,
                           int pinned, std::size_t stride)
    : free_(free),
      pinned_(pinned),
      stride_(stride),
      shares_(side.rows()),
      pass_(side, stride),
      gradient_(side.rows() * stride) {
  double rated = 0;
  double total = 0;
  for (Index row = 0; row < side.rows(); ++row) {
    const auto count = static_cast<double>(side.count(row));
    if (count == 0) continue;
    shares_[row] = 1 / (count + kShiftHalf);
    ++rated;
    total += count * shares_[row];
  }
  for (double& share : shares_) share *= total > 0 ? rated / total : 0;
  partner_shares_ = sums_over_rows_of(other, [&](Index row) { return shares_[row]; });
}

std::vector<double> UnratedShift::operator()(Vector& rows, const Real* columns, double ridge) {
  if (pinned_ >= 0) {
    const Real pin = columns[free_.back()];
    for (std::size_t at = static_cast<std::size_t>(pinned_); at < rows.size(); at += stride_) rows[at] = pin;
  }
  pass_(rows.data(), columns, {0, 0, pinned_}, gradient_.data());
  const std::size_t n = free_.size();
  // Half the gradient, and in front of it the second moments.
  const std::vector<double> slope = sum_over_rows(shares_.size(), n, [&](std::size_t i, double* part) {
    for (std::size_t k = 0; k < n; ++k) {
      part[k] += shares_[i] * static_cast<double>(gradient_[i * stride_ + free_[k]]) / 2;
    }
  });
  const std::vector<double> moments = sum_over_rows(partner_shares_.size(), n * n, [&](std::size_t j, double* part) {
    const Real* column = columns + j * stride_;
    for (std::size_t k = 0; k < n; ++k) {
      const double element = partner_shares_[j] * static_cast<double>(column[free_[k]]);
      for (std::size_t l = 0; l < n; ++l) part[k * n + l] += element * static_cast<double>(column[free_[l]]);
    }
  });
  const auto size = static_cast<Eigen::Index>(n);
  Eigen::MatrixXd system = Eigen::Map<const Eigen::MatrixXd>(moments.data(), size, size);
  system.diagonal().array() += ridge;
  const Eigen::VectorXd shift =
      Eigen::LLT<Eigen::MatrixXd>(system).solve(-Eigen::Map<const Eigen::VectorXd>(slope.data(), size));
  return {shift.begin(), shift.end()};
}

}  // namespace odot::inline ODOT_PRECISION
