// Variational Bayesian factorisation (Lim & Teh 2007; Raiko, Ilin & Karhunen 2007): every row of U and V is a normal
// distribution instead of a point, under a normal prior for each side whose mean and covariance are learned, as is the
// noise. There is no λ to choose. A sweep costs what one of blocks does with one block of each side.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/masked_gradient.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/random.hpp"
#include "train/methods/methods.hpp"
#include "train/posterior/gaussian_prior.hpp"
#include "train/posterior/partner_effects.hpp"
#include "train/posterior/posterior_layout.hpp"
#include "train/posterior/posterior_rows.hpp"
#include "train/posterior/posterior_start.hpp"
#include "train/sweeps.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::string_view kAuto = "auto";
constexpr std::string_view kNone = "none";
constexpr std::string_view kBoth = "both";
constexpr std::string_view kUsers = "users";
constexpr std::string_view kItems = "items";

// What svdpp auto tries: ratings, share held out, factors and sweeps.
constexpr double kMostTrial = 1e6;
constexpr double kTrialHeldOut = 0.05;
constexpr int kTrialRank = 14;
constexpr int kTrialSweeps = 5;

// In so many sweeps at the start partners are taken for points, and the noise is not learned. From random rows, what is
// shared by sparse ratings would else be given up before it is found.
constexpr int kPointSweeps = 2;

// Both sides' effects have to predict what is held out better by this share. Where sets say nothing they do by a third
// of it at most, on MovieLens by twice as much.
constexpr double kTrialGain = 0.003;
constexpr std::size_t kFewestTried = 1000;  // ratings held out, to say it by

// Factors where none are asked for: as many as a row has ratings on average, within these.
constexpr int kFewestFactors = 6;
constexpr int kMostUsualFactors = 30;

// Steps of conjugate gradients a sweep towards the partners' effects. On ML-1M a third gains 0.0003 after 20 sweeps.
constexpr int kEffectSteps = 2;

// The numbers of random streams, beside those of the start.
enum Stream : std::uint64_t { kTrialUsers = 3, kTrialRatings = 4 };

}  // namespace

bool moves_users(const TrainSettings& settings) { return *settings.svdpp == kBoth || *settings.svdpp == kUsers; }
bool moves_items(const TrainSettings& settings) { return *settings.svdpp == kBoth || *settings.svdpp == kItems; }

namespace {

PosteriorLayout posterior_layout(const FactorLayout& factors, const TrainSettings& settings, const SideInputs& inputs) {
  return {factors, moves_users(settings) || moves_items(settings), inputs.users.width, inputs.items.width};
}

Vector start(const StartTask& task) {
  const FactorLayout& factors = task.layout;
  const PosteriorLayout layout = posterior_layout(factors, task.settings, task.inputs);
  Vector all(layout.size());
  start_posterior(task, factors, all.data(), layout.prior(all, layout.user_prior()),
                  layout.prior(all, layout.item_prior()));
  all[layout.noise_precision()] = static_cast<Real>(kFirstNoise / (task.deviation * task.deviation));
  return all;
}

void finish(Factorization& model, const TrainSettings& settings, const SideInputs& inputs) {
  const PosteriorLayout layout = posterior_layout(model.layout, settings, inputs);
  const std::size_t stride = model.layout.stride();
  const std::size_t items = model.layout.item_row(0);
  const Vector all = std::move(model.theta);
  const auto part = [&](std::size_t begin, std::size_t size) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
    return Vector(first, first + static_cast<std::ptrdiff_t>(size));
  };
  const auto prior = [&](std::size_t begin, std::size_t features, const RowInputs& of) {
    SidePrior out{part(begin, model.layout.width() * stride), part(begin + stride * stride, stride), {}};
    if (of.width == 0) return out;
    const std::size_t size = of.width * stride;
    out.features = SideFeatures{of.encoding,
                                of.means,
                                part(features, size),
                                part(features + size, size),
                                part(features + 2 * size, stride),
                                part(features + 2 * size + stride, stride)};
    return out;
  };
  FactorPosterior& posterior = model.posterior.emplace();
  posterior.variances = part(layout.variances(), model.layout.size());
  posterior.noise_variance = 1 / static_cast<double>(all[layout.noise_precision()]);
  posterior.users = prior(layout.user_prior(), layout.user_features(), inputs.users);
  posterior.items = prior(layout.item_prior(), layout.item_features(), inputs.items);
  if (moves_users(settings)) {
    posterior.users.partner_effects = part(layout.partner_effects() + items, model.layout.size() - items);
  }
  if (moves_items(settings)) posterior.items.partner_effects = part(layout.partner_effects(), items);
  model.theta = part(0, model.layout.size());
}

// One side with all that inferring its rows needs.
struct Side {
  Side(const RatingSide& side, const RatingSide& other, const FactorLayout& factors, int pinned, bool moved,
       const RowInputs& inputs, double half)
      : ratings(side), rows(side, factors, pinned) {
    if (moved) effects.emplace(side, other, factors.stride());
    if (inputs.width > 0) features.emplace(side, inputs, rows.free(), factors.stride(), half);
    for (Index row = 0; row < side.rows(); ++row) rated += side.count(row) > 0 ? 1 : 0;
  }

  RatingSide ratings;
  PosteriorRows rows;
  std::optional<PartnerEffects> effects;
  std::optional<FeatureEffects> features;
  double rated = 0;          // rows with ratings
  double log_precision = 0;  // log det Λ
  double log_variances = 0;  // Σ log v

  const Real* partner_sums() { return effects ? effects->sums().data() : nullptr; }

  // What moves the prior's mean for each row.
  const Real* offsets() {
    if (!features) return partner_sums();
    if (!effects) return features->moves().data();
    return features->added_to(effects->sums());
  }

  // Those of the rows that partners are to explain.
  const Real* without_features(const Real* means) { return features ? features->taken_from(means) : means; }
};

class VariationalSweeper : public Sweeper {
 public:
  VariationalSweeper(const TrainTask& task, Vector& all)
      : layout_(posterior_layout(task.layout, task.settings, task.inputs)),
        deviation_(task.ratings.summary().scale()),
        users_(task.ratings.by_user(), task.ratings.by_item(), task.layout, task.layout.user_pin(),
               moves_users(task.settings), task.inputs.users, kUserHalf),
        items_(task.ratings.by_item(), task.ratings.by_user(), task.layout, task.layout.item_pin(),
               moves_items(task.settings), task.inputs.items, kItemHalf) {
    if (users_.features) users_.features->move(block(all, users_, layout_.user_features()).effects);
    if (items_.features) items_.features->move(block(all, items_, layout_.item_features()).effects);
    Vector gradient(layout_.factors.item_row(0));
    MaskedGradient pass(users_.ratings, layout_.factors.stride());
    errors_.squared =
        pass(all.data(), all.data() + layout_.factors.item_row(0), user_penalty(task), gradient.data()).squared_error;
    ++passes_;
  }

  void sweep(Vector& all) override {
    const std::size_t items = layout_.factors.item_row(0);
    const std::size_t variances = layout_.variances();
    const double noise = static_cast<double>(all[layout_.noise_precision()]);
    const bool points = passes_ / 2 < kPointSweeps;
    const auto infer = [&](Side& side, std::size_t prior, std::size_t rows, std::size_t columns) {
      const PosteriorTask task{all.data() + columns, points ? nullptr : all.data() + variances + columns,
                               layout_.prior(all, prior), side.offsets(), noise};
      return side.rows.update(task, all.data() + rows, all.data() + variances + rows);
    };
    infer(users_, layout_.user_prior(), 0, items);
    errors_ = infer(items_, layout_.item_prior(), items, 0);
    const double unit = deviation_ * deviation_;
    const auto ratings = static_cast<double>(users_.ratings.size());
    const double precision = (ratings + 2) / (errors_.expected + kNoiseRate * unit);
    if (!points) all[layout_.noise_precision()] = static_cast<Real>(precision);
    learn(all, users_, {layout_.user_prior(), 0, items, layout_.user_features()});
    learn(all, items_, {layout_.item_prior(), items, 0, layout_.item_features()});
    passes_ += 2;
    value_ = -(ratings + 2) / 2 * std::log(precision * unit) + part_of_value(users_) + part_of_value(items_);
  }

  double value() const override { return value_; }
  double squared_error() const override { return errors_.squared; }

  // F may have any sign; what it falls by is nats. With effects it may also rise a little.
  bool settled(double before, double tolerance) const override {
    const auto ratings = static_cast<double>(users_.ratings.size());
    return passes_ / 2 > kPointSweeps + 1 && before - value_ <= tolerance * ratings;
  }

  long passes() const override { return passes_; }

  void visit(StateVisitor& visitor) override {
    visitor.number("value", value_);
    visitor.number("squared_error", errors_.squared);
    visitor.integer("passes", passes_);
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
                            all.data() + layout_.partner_effects() + places.partners, kEffectSteps);
    }
    if (!side.features) return;
    side.features->update(means, prior.mean, side.partner_sums(), features->effects);
    side.features->expect_unrated(means, variances, *features);
  }

  PosteriorLayout layout_;
  double deviation_;
  Side users_;
  Side items_;
  SquaredErrors errors_;
  double value_ = 0;
  long passes_ = 0;
};

TrainOutcome run(const TrainTask& task, Vector& theta) {
  restore_factors(task, theta);
  VariationalSweeper sweeper(task, theta);
  return run_sweeps(task, sweeper, theta);
}

// Some of the ratings in two parts, without their mean.
struct Trial {
  RatingMatrix ratings;
  Triples held_out;
  double mean;
};

// All ratings of users that are chosen at random, of all where there are not more than kMostTrial.
Trial trial_of(const RatingMatrix& ratings, std::uint64_t seed) {
  const RandomStream users(seed, kTrialUsers);
  const RandomStream held_out(seed, kTrialRatings);
  const double share = kMostTrial / static_cast<double>(std::max<Offset>(ratings.size(), 1));
  const RatingSide side = ratings.by_user();
  Triples rest;
  Trial trial;
  std::vector<Real> values;
  for (Index user = 0; user < side.rows(); ++user) {
    if (users.uniform(user) >= share) continue;
    const Offset begin = side.offsets[user];
    const Offset end = side.offsets[user + 1];
    side.read(begin, end, [&] {
      values.resize(end - begin);
      side.values.read(begin, end, values.data());
      for (Offset k = begin; k < end; ++k) {
        Triples& part = held_out.uniform(k) < kTrialHeldOut ? trial.held_out : rest;
        part.user.push_back(user);
        part.item.push_back(side.indices[k]);
        part.value.push_back(values[k - begin]);
      }
    });
  }
  trial.ratings = RatingMatrix(ratings.users(), ratings.items(), std::move(rest));
  trial.mean = trial.ratings.summary().mean;
  trial.ratings.subtract(trial.mean);
  return trial;
}

// RMSE on what the trial holds out, after some sweeps of few factors.
double trial_error(const Trial& trial, TrainSettings settings, std::string_view svdpp) {
  settings.svdpp = svdpp;
  const ValueSummary& values = trial.ratings.summary();
  Factorization model;
  model.layout = {trial.ratings.users(), trial.ratings.items(), std::min(*settings.rank, kTrialRank), true};
  model.pin = std::sqrt(values.scale());
  model.mean = trial.mean;
  model.unknown_mean = trial.mean;
  Vector all = start({model.layout, model.pin, values.scale(), settings});
  VariationalSweeper sweeper({trial.ratings, model.layout, settings, {}, {}, nullptr}, all);
  for (int sweep = 0; sweep < kTrialSweeps; ++sweep) sweeper.sweep(all);
  return evaluate(model.view(ConstSpan(all).first(model.layout.size())), trial.held_out, false).rmse;
}

}  // namespace

void decide_rank(const RatingMatrix& ratings, TrainSettings& settings) {
  if (settings.rank) return;
  const auto rated = [](const RatingSide& side) {
    Index count = 0;
    for (Index row = 0; row < side.rows(); ++row) count += side.count(row) > 0 ? 1 : 0;
    return count;
  };
  const Offset rows = Offset{rated(ratings.by_user())} + rated(ratings.by_item());
  settings.rank = static_cast<int>(std::clamp<Offset>(ratings.size() / rows, kFewestFactors, kMostUsualFactors));
}

std::vector<std::pair<std::string, std::string>> decided_options() {
  return {{"rank", fmt::format("ratings a user or item has on average, {} to {}", kFewestFactors, kMostUsualFactors)}};
}

void decide_svdpp(const RatingMatrix& ratings, TrainSettings& settings) {
  if (*settings.svdpp != kAuto) return;
  const Trial trial = trial_of(ratings, *settings.seed);
  const bool both = trial.held_out.size() >= kFewestTried &&
                    trial_error(trial, settings, kBoth) < (1 - kTrialGain) * trial_error(trial, settings, kNone);
  settings.svdpp = both ? kBoth : kNone;
}

namespace {

std::vector<TrainOption> own_options() {
  return {member(Option{.name = "svdpp",
                        .group = kOptimisationGroup,
                        .placeholder = "SIDES",
                        .help = "variational, gibbs: whose rows are expected where their partners' effects say",
                        .kind = OptionKind::word,
                        .words =
                            [] {
                              return std::vector<Word>{{std::string(kBoth), "users' and items'"},
                                                       {std::string(kUsers), "users' alone (SVD++)"},
                                                       {std::string(kItems), "items' alone"},
                                                       {std::string(kNone), "nobody's"},
                                                       {std::string(kAuto),
                                                        "both or none, by which of them predicts a small part of the "
                                                        "training ratings better from the rest"}};
                            },
                        .standard = std::string(kAuto)},
                 &TrainSettings::svdpp)};
}

void decide(const RatingMatrix& ratings, TrainSettings& settings) {
  decide_rank(ratings, settings);
  decide_svdpp(ratings, settings);
}

}  // namespace

Method variational_method() {
  Method method{.name = "variational",
                .help = "distributions of factors, with priors and noise that are learned: no lambda",
                .unit = "sweeps"};
  method.defaults = {.center = true, .biases = true, .iterations = 20, .tolerance = 2e-4};
  method.decides = decided_options();
  method.own = own_options();
  method.options = {"users", "items", "user-features", "item-features"};
  method.features = FeatureUse::may;
  return factor_method(std::move(method), {.run = run, .decide = decide, .start = start, .finish = finish});
}

}  // namespace odot::inline ODOT_PRECISION
