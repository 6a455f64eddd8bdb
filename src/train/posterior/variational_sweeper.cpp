// Rows, noise or cut points, priors and effects in turn.
#include "train/posterior/variational_sweeper.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/masked_gradient.hpp"
#include "odot/core/parallel.hpp"
#include "train/posterior/gaussian_prior.hpp"
#include "train/posterior/moved_side.hpp"
#include "train/posterior/ordinal.hpp"
#include "train/posterior/partner_effects.hpp"
#include "train/posterior/posterior_rows.hpp"
#include "train/posterior/posterior_start.hpp"
#include "train/posterior/svdpp_trial.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Where rows have fewer ratings than so many for each factor on average, in so many sweeps at the start partners are
// taken for points, and the noise is not learned. From random rows, what is shared by sparse ratings would else be
// given up before it is found. Ordinal ratings say less each, and are better for it on MovieLens 1M, too.
constexpr double kManyRatings = 2;
constexpr int kPointSweeps = 2;

// Steps of conjugate gradients a sweep towards the partners' effects. On ML-1M a third gains 0.0003 after 20 sweeps.
constexpr int kEffectSteps = 2;

// One side with all that inferring its rows needs.
struct Side : MovedSide<PosteriorRows, PartnerEffects> {
  Side(const RatingSide& side, const RatingSide& other, const FactorLayout& factors, int pinned, bool moved,
       const RowInputs& inputs, double half)
      : MovedSide(side, other, factors, pinned, moved, inputs, half), rated(static_cast<double>(rated_rows(side))) {}

  double rated;              // rows with ratings
  double log_precision = 0;  // log det Λ
  double log_variances = 0;  // Σ log v
};

// What ordinal ratings need beside the sides.
struct Ordinal {
  Ordinal(const TrainTask& task, ConstSpan cuts)
      : classes(ConstSpan(task.ratings.table()), task.link->values),
        targets(classes, cuts),
        fit(classes.without_values(task.ratings.by_user()), classes, task.link->values, task.layout),
        sums(cuts.size()) {}

  RatingClasses classes;
  LatentTargets targets;
  OrdinalFit fit;
  CutSums sums;
};

class VariationalSweeper : public Sweeper {
 public:
  VariationalSweeper(const TrainTask& task, Vector& all)
      : layout_(posterior_layout(task.layout, task.settings, task.inputs, task.link)),
        deviation_(task.link ? kLatentDeviation : task.ratings.summary().scale()),
        ordinal_(task.link ? std::make_unique<Ordinal>(task, cuts(all)) : nullptr),
        users_(side(task.ratings.by_user()), side(task.ratings.by_item()), task.layout, task.layout.user_pin(),
               moves_users(task.settings), task.inputs.users, kUserHalf),
        items_(side(task.ratings.by_item()), side(task.ratings.by_user()), task.layout, task.layout.item_pin(),
               moves_items(task.settings), task.inputs.items, kItemHalf) {
    const double many = kManyRatings * task.layout.rank * (users_.rated + items_.rated);
    if (ordinal_ || static_cast<double>(users_.ratings.size()) < many) point_sweeps_ = kPointSweeps;
    if (users_.features) users_.features->move(block(all, users_, layout_.user_features()).effects);
    if (items_.features) items_.features->move(block(all, items_, layout_.item_features()).effects);
    ++passes_;
    if (ordinal_) {
      errors_.squared = ordinal_->fit(all.data(), cuts(all), 0).squared_error;
      return;
    }
    Vector gradient(layout_.factors.item_row(0));
    MaskedGradient pass(users_.ratings, layout_.factors.stride());
    errors_.squared =
        pass(all.data(), all.data() + layout_.factors.item_row(0), user_penalty(task), gradient.data()).squared_error;
  }

  void sweep(Vector& all) override {
    const std::size_t items = layout_.factors.item_row(0);
    const std::size_t variances = layout_.variances();
    const double noise = static_cast<double>(all[layout_.noise_precision()]);
    const bool points = sweeps_ < point_sweeps_;
    const auto infer = [&](Side& side, std::size_t prior, std::size_t rows, std::size_t columns) {
      const PosteriorTask task{all.data() + columns,
                               points ? nullptr : all.data() + variances + columns,
                               layout_.prior(all, prior),
                               side.offsets(),
                               noise,
                               nullptr,
                               ordinal_ ? &ordinal_->targets : nullptr};
      return side.rows.update(task, all.data() + rows, all.data() + variances + rows);
    };
    infer(users_, layout_.user_prior(), 0, items);
    errors_ = infer(items_, layout_.item_prior(), items, 0);
    const double of_ratings = ordinal_ ? learn_cuts(all) : learn_noise(all, points);
    learn(all, users_, {layout_.user_prior(), 0, items, layout_.user_features()});
    learn(all, items_, {layout_.item_prior(), items, 0, layout_.item_features()});
    passes_ += 2;
    ++sweeps_;
    value_ = of_ratings + part_of_value(users_) + part_of_value(items_);
  }

  double value() const override { return value_; }
  double squared_error() const override { return errors_.squared; }

  // F may have any sign; what it falls by is nats. With effects, or where ratings are ordinal, it may also rise a
  // little.
  bool settled(double before, double tolerance) const override {
    const auto ratings = static_cast<double>(users_.ratings.size());
    return sweeps_ > point_sweeps_ + 1 && before - value_ <= tolerance * ratings;
  }

  long passes() const override { return passes_; }
  bool can_diverge() const override { return false; }

  void visit(StateVisitor& visitor) override {
    visitor.number("value", value_);
    visitor.number("squared_error", errors_.squared);
    visitor.integer("passes", passes_);
    visitor.integer("sweeps", sweeps_);
    if (users_.effects) visitor.array("user_offsets", users_.effects->sums());
    if (items_.effects) visitor.array("item_offsets", items_.effects->sums());
  }

 private:
  // Where what belongs to a side begins.
  struct Places {
    std::size_t prior;
    std::size_t rows;
    std::size_t partners;
    std::size_t features;
  };

  FeatureBlock block(Vector& all, const Side& side, std::size_t begin) const {
    return feature_block_at(all, begin, side.features->inputs(), layout_.factors.stride());
  }

  ConstSpan cuts(const Vector& all) const { return ConstSpan(all).subspan(layout_.cuts(), layout_.cut_count); }
  RatingSide side(const RatingSide& ratings) const {
    return ordinal_ ? ordinal_->classes.without_values(ratings) : ratings;
  }

  // Both return the part of value_ that is the ratings'.
  double learn_noise(Vector& all, bool points) {
    const double unit = deviation_ * deviation_;
    const auto ratings = static_cast<double>(users_.ratings.size());
    const double precision = (ratings + 2) / (errors_.expected + kNoiseRate * unit);
    if (!points) all[layout_.noise_precision()] = static_cast<Real>(precision);
    return -(ratings + 2) / 2 * std::log(precision * unit);
  }

  // With each z's distribution at its best given the rows, ratings are Σ (½ var t − log P) of the divergence.
  double learn_cuts(Vector& all) {
    const double variances = errors_.expected - errors_.squared;
    ordinal_->sums = ordinal_->fit(all.data(), cuts(all), variances / static_cast<double>(users_.ratings.size()));
    ++passes_;
    errors_.squared = ordinal_->sums.squared_error;
    improve_cuts(ordinal_->sums, Span(all).subspan(layout_.cuts(), layout_.cut_count));
    return variances / 2 - ordinal_->sums.log_likelihood;
  }

  // The divergence of all distributions from the posterior is, but for a constant and with the priors and the noise at
  // their best given the rows, −(N + 2)/2 log α − Σ over the sides of (n + 1 + p)/2 log det Λ + ½ Σ log v, with p
  // inputs: traces and squares are constants then. In units of the ratings.
  double part_of_value(const Side& side) const {
    const auto free = static_cast<double>(side.rows.free().size());
    const double inputs = side.features ? static_cast<double>(side.features->inputs()) : 0.0;
    const double log_unit = std::log(deviation_);
    return -(1 + side.rated + inputs) / 2 * (side.log_precision + free * log_unit) -
           (side.log_variances - side.rated * free * log_unit) / 2;
  }

  void learn(Vector& all, Side& side, const Places& places) {
    const GaussianPrior prior = layout_.prior(all, places.prior);
    const std::size_t stride = layout_.factors.stride();
    Real* means = all.data() + places.rows;
    Real* variances = all.data() + layout_.variances() + places.rows;
    std::optional<FeatureBlock> features;
    std::optional<EffectsPrior> effects;
    if (side.features) {
      features = block(all, side, places.features);
      effects = {features->effects, side.features->inputs(), kFeatureStrength};
    }
    side.log_precision = fit_prior(side.ratings, {means, variances, side.offsets()}, side.rows.free(), stride,
                                   kPriorScatter * deviation_, prior, effects ? &*effects : nullptr);
    side.log_variances = log_variances(side.ratings, variances, side.rows.free(), stride);
    if (side.effects) {
      side.effects->improve(side.without_features(means), prior.mean,
                            all.data() + layout_.partner_effects() + places.partners, kEffectSteps, effects_workspace_);
    }
    if (!side.features) return;
    side.features->update(means, prior.mean, side.partner_sums(), features->effects);
    // Errors of latent numbers are none of the ratings themselves.
    if (ordinal_) return side.features->expect_unrated(means, variances, *features);
    side.features->expect_unrated(means, variances, *features, side.shift_by(all.data() + places.partners, deviation_));
    ++passes_;
  }

  PosteriorLayout layout_;
  double deviation_;
  std::unique_ptr<Ordinal> ordinal_;  // or null
  Side users_;
  Side items_;
  EffectsWorkspace effects_workspace_;
  int point_sweeps_ = 0;
  SquaredErrors errors_;
  double value_ = 0;
  long passes_ = 0;
  long sweeps_ = 0;
};

}  // namespace

PosteriorLayout posterior_layout(const FactorLayout& factors, const TrainSettings& settings, const SideInputs& inputs,
                                 const OrdinalLink* link) {
  return {factors, moves_users(settings) || moves_items(settings), inputs.users.width, inputs.items.width,
          link ? link->cuts.size() : 0};
}

Vector start_variational(const StartTask& task) {
  const FactorLayout& factors = task.layout;
  const PosteriorLayout layout = posterior_layout(factors, task.settings, task.inputs, task.link);
  Vector all(layout.size());
  start_posterior(task, factors, all.data(), layout.prior(all, layout.user_prior()),
                  layout.prior(all, layout.item_prior()));
  all[layout.noise_precision()] =
      task.link ? Real{1} : static_cast<Real>(kFirstNoise / (task.deviation * task.deviation));
  if (task.link) std::ranges::copy(task.link->cuts, all.data() + layout.cuts());
  return all;
}

std::unique_ptr<Sweeper> variational_sweeper(const TrainTask& task, Vector& all) {
  return std::make_unique<VariationalSweeper>(task, all);
}

}  // namespace odot::inline ODOT_PRECISION
