// One prediction of a factorisation.
#include "odot/model/factorization.hpp"

namespace odot {
namespace {

// Σ u_k v_k in double, in interleaved partial sums so that the compiler can use the SIMD unit.
double factor_product(const Real* u, const Real* v, std::size_t rank) {
  double lane[kLanes] = {};
  std::size_t k = 0;
  for (; k + kLanes <= rank; k += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) lane[l] += static_cast<double>(u[k + l]) * static_cast<double>(v[k + l]);
  }
  double sum = 0;
  for (double partial : lane) sum += partial;
  for (; k < rank; ++k) sum += static_cast<double>(u[k]) * static_cast<double>(v[k]);
  return sum;
}

}  // namespace

double FactorView::predict(Index user, Index item) const {
  const bool user_known = user != kUnknown;
  const bool item_known = item != kUnknown;
  const Real* u = user_known ? theta.data() + layout.user_row(user) : nullptr;
  const Real* v = item_known ? theta.data() + layout.item_row(item) : nullptr;
  const auto rank = static_cast<std::size_t>(layout.rank);
  if (!layout.biases) return u && v ? mean + factor_product(u, v, rank) : unknown_mean;
  if (!u && !v) return unknown_mean;
  const auto bias = [&](Real element) { return static_cast<double>(element) * pin; };
  const double b = u ? bias(u[layout.user_bias()]) : fallback_user_bias;
  const double c = v ? bias(v[layout.item_bias()]) : fallback_item_bias;
  return mean + (b + c) + (u && v ? factor_product(u, v, rank) : 0.0);
}

void absorb_pin(Factorization& model) {
  const FactorLayout& layout = model.layout;
  if (!layout.biases) return;
  const auto absorb = [&](std::size_t first, Index rows, int bias_column, int pin_column) {
    for_each_element(rows, [&](std::size_t row) {
      Real* factors = model.theta.data() + first + row * layout.stride();
      factors[bias_column] = static_cast<Real>(static_cast<double>(factors[bias_column]) * model.pin);
      factors[pin_column] = 1;
    });
  };
  absorb(layout.user_row(0), layout.users, layout.user_bias(), layout.user_pin());
  absorb(layout.item_row(0), layout.items, layout.item_bias(), layout.item_pin());
  model.pin = 1;
}

}  // namespace odot
