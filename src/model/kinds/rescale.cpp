// What of a model is in which power of the ratings' unit.
#include "model/kinds/rescale.hpp"

#include <cmath>

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kDeviations = 4;  // that the range of ratings usually is wide

// About how far ratings of the model are from each other, or where they are all equal their size.
double extent(const RatingRange& ratings) {
  if (ratings.lowest < ratings.highest) return (ratings.highest - ratings.lowest) / kDeviations;
  return std::abs(ratings.highest);
}

void multiply(Vector& values, double factor) { scale(factor, values, values); }

void rescale(SidePrior& prior, double root) {
  multiply(prior.precision, 1 / (root * root));
  multiply(prior.mean, root);
  multiply(prior.partner_effects, root);
  if (!prior.features) return;
  multiply(prior.features->effects, root);
  multiply(prior.features->unrated_effects, root);
  multiply(prior.features->unrated_mean, root);
  multiply(prior.features->unrated_variance, root * root);
}

}  // namespace

double unit_root(double scale) {
  if (!(scale > 0) || !std::isfinite(scale)) return 1;
  int exponent = 0;
  std::frexp(scale, &exponent);  // scale is in [½, 1) times 2 to the power of the exponent
  return std::ldexp(1.0, static_cast<int>(std::floor(exponent / 2.0)));
}

void rescale(Factorization& model, double root) {
  if (root == 1) return;
  const double unit = root * root;
  multiply(model.theta, root);
  model.pin *= root;
  if (model.training_pin) *model.training_pin *= root;
  for (double* value : {&model.mean, &model.lowest, &model.highest, &model.unknown_mean, &model.fallback_user_bias,
                        &model.fallback_item_bias}) {
    *value *= unit;
  }
  if (!model.posterior) return;
  FactorPosterior& posterior = *model.posterior;
  multiply(posterior.variances, unit);
  multiply(posterior.sample_biases, root);
  posterior.noise_variance *= unit * unit;
  rescale(posterior.users, root);
  rescale(posterior.items, root);
}

InUnitOfRatings::InUnitOfRatings(Factorization& model)
    : model_(model), root_(model.link ? 1 : unit_root(extent(model))) {
  rescale(model_, 1 / root_);
}

}  // namespace odot::inline ODOT_PRECISION
