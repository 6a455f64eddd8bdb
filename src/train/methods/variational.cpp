// Variational Bayesian factorisation (Lim & Teh 2007; Raiko, Ilin & Karhunen 2007): every row of U and V is a normal
// distribution instead of a point, under a normal prior for each side whose mean and covariance are learned, as is the
// noise. There is no λ to choose. A sweep costs what one of blocks does with one block of each side.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/masked_gradient.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/random.hpp"
#include "train/methods/methods.hpp"
#include "train/posterior/gaussian_prior.hpp"
#include "train/posterior/ordinal.hpp"
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
constexpr std::string_view kNormal = "normal";
constexpr std::string_view kOrdinal = "ordinal";

// What svdpp auto tries: ratings, share held out, factors and sweeps.
constexpr double kMostTrial = 1e6;
constexpr double kTrialHeldOut = 0.05;
constexpr int kTrialRank = 14;
constexpr int kTrialSweeps = 5;

// Steps of conjugate gradients a sweep towards the partners' effects. On ML-1M a third gains 0.0003 after 20 sweeps.
constexpr int kEffectSteps = 2;

// The numbers of random streams, beside those of the start.
enum Stream : std::uint64_t { kTrialUsers = 3, kTrialRatings = 4 };

}  // namespace

bool moves_users(const TrainSettings& settings) { return *settings.svdpp == kBoth || *settings.svdpp == kUsers; }
bool moves_items(const TrainSettings& settings) { return *settings.svdpp == kBoth || *settings.svdpp == kItems; }

namespace {

PosteriorLayout posterior_layout(const FactorLayout& factors, const TrainSettings& settings, const OrdinalLink* link) {
  return {factors, moves_users(settings) || moves_items(settings), link ? link->cuts.size() : 0};
}

std::optional<OrdinalLink> link_of(const RatingMatrix& ratings, const TrainSettings& settings) {
  if (*settings.likelihood != kOrdinal) return std::nullopt;
  return first_link(ratings);
}

void check_init(const TrainSettings& settings) {
  if (settings.init && *settings.likelihood == kOrdinal) {
    throw Error::of_setting("init-model",
                            "is of no use to likelihood ordinal, which starts with cut points of its own");
  }
}

Vector start(const StartTask& task) {
  const FactorLayout& factors = task.layout;
  const PosteriorLayout layout = posterior_layout(factors, task.settings, task.link);
  Vector all(layout.size());
  start_posterior(task, factors, all.data(), layout.prior(all, layout.user_prior()),
                  layout.prior(all, layout.item_prior()));
  all[layout.noise_precision()] =
      task.link ? Real{1} : static_cast<Real>(kFirstNoise / (task.deviation * task.deviation));
  if (task.link) std::ranges::copy(task.link->cuts, all.data() + layout.cuts());
  return all;
}

void finish(Factorization& model, const TrainSettings& settings) {
  const PosteriorLayout layout = posterior_layout(model.layout, settings, model.link ? &*model.link : nullptr);
  const std::size_t stride = model.layout.stride();
  const std::size_t items = model.layout.item_row(0);
  const Vector all = std::move(model.theta);
  const auto part = [&](std::size_t begin, std::size_t size) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
    return Vector(first, first + static_cast<std::ptrdiff_t>(size));
  };
  const auto prior = [&](std::size_t begin) {
    return SidePrior{part(begin, stride * stride), part(begin + stride * stride, stride), {}};
  };
  FactorPosterior& posterior = model.posterior.emplace();
  posterior.variances = part(layout.variances(), model.layout.size());
  posterior.noise_variance = 1 / static_cast<double>(all[layout.noise_precision()]);
  posterior.users = prior(layout.user_prior());
  posterior.items = prior(layout.item_prior());
  if (model.link) model.link->cuts = part(layout.cuts(), layout.cut_count);
  if (moves_users(settings)) {
    posterior.users.partner_effects = part(layout.partner_effects() + items, model.layout.size() - items);
  }
  if (moves_items(settings)) posterior.items.partner_effects = part(layout.partner_effects(), items);
  model.theta = part(0, model.layout.size());
}

// One side with all that inferring its rows needs.
struct Side {
  Side(const RatingSide& side, const RatingSide& other, const FactorLayout& factors, int pinned, bool moved)
      : ratings(side), rows(side, factors, pinned) {
    if (moved) effects.emplace(side, other, factors.stride());
    for (Index row = 0; row < side.rows(); ++row) rated += side.count(row) > 0 ? 1 : 0;
  }

  RatingSide ratings;
  PosteriorRows rows;
  std::optional<PartnerEffects> effects;
  double rated = 0;          // rows with ratings
  double log_precision = 0;  // log det Λ
  double log_variances = 0;  // Σ log v

  const Real* offsets() { return effects ? effects->sums().data() : nullptr; }
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
  VariationalSweeper(const TrainTask& task, const Vector& all)
      : layout_(posterior_layout(task.layout, task.settings, task.link)),
        deviation_(task.link ? kLatentDeviation : task.ratings.summary().scale()),
        ordinal_(task.link ? std::make_unique<Ordinal>(task, cuts(all)) : nullptr),
        users_(side(task.ratings.by_user()), side(task.ratings.by_item()), task.layout, task.layout.user_pin(),
               moves_users(task.settings)),
        items_(side(task.ratings.by_item()), side(task.ratings.by_user()), task.layout, task.layout.item_pin(),
               moves_items(task.settings)) {
    if (ordinal_) {
      errors_.squared = ordinal_->fit(all.data(), cuts(all), 0).squared_error;
      ++passes_;
      return;
    }
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
    const auto infer = [&](Side& side, std::size_t prior, std::size_t rows, std::size_t columns) {
      const PosteriorTask task{all.data() + columns,
                               all.data() + variances + columns,
                               layout_.prior(all, prior),
                               side.offsets(),
                               noise,
                               ordinal_ ? &ordinal_->targets : nullptr};
      return side.rows.update(task, all.data() + rows, all.data() + variances + rows);
    };
    infer(users_, layout_.user_prior(), 0, items);
    errors_ = infer(items_, layout_.item_prior(), items, 0);
    const double of_ratings = ordinal_ ? learn_cuts(all) : learn_noise(all);
    learn(all, users_, layout_.user_prior(), 0, items);
    learn(all, items_, layout_.item_prior(), items, 0);
    passes_ += 2;
    value_ = of_ratings + part_of_value(users_) + part_of_value(items_);
  }

  double value() const override { return value_; }
  double squared_error() const override { return errors_.squared; }
  long passes() const override { return passes_; }

  void visit(StateVisitor& visitor) override {
    visitor.number("value", value_);
    visitor.number("squared_error", errors_.squared);
    visitor.integer("passes", passes_);
    if (users_.effects) visitor.array("user_offsets", users_.effects->sums());
    if (items_.effects) visitor.array("item_offsets", items_.effects->sums());
  }

 private:
  ConstSpan cuts(const Vector& all) const { return ConstSpan(all).subspan(layout_.cuts(), layout_.cut_count); }
  RatingSide side(const RatingSide& ratings) const {
    return ordinal_ ? ordinal_->classes.without_values(ratings) : ratings;
  }

  // Both return the part of value_ that is the ratings'.
  double learn_noise(Vector& all) {
    const double unit = deviation_ * deviation_;
    const auto ratings = static_cast<double>(users_.ratings.size());
    const double precision = (ratings + 2) / (errors_.expected + kNoiseRate * unit);
    all[layout_.noise_precision()] = static_cast<Real>(precision);
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
  // their best given the rows, −(N + 2)/2 log α − Σ over the sides of (D + n)/2 log det Λ + ½ Σ log v: traces and
  // squares are constants then. In units of the ratings.
  double part_of_value(const Side& side) const {
    const auto free = static_cast<double>(side.rows.free().size());
    const double log_unit = std::log(deviation_);
    return -(free + side.rated) / 2 * (side.log_precision + free * log_unit) -
           (side.log_variances - side.rated * free * log_unit) / 2;
  }

  void learn(Vector& all, Side& side, std::size_t begin, std::size_t rows, std::size_t partners) {
    const GaussianPrior prior = layout_.prior(all, begin);
    const Real* means = all.data() + rows;
    const Real* variances = all.data() + layout_.variances() + rows;
    side.log_precision = fit_prior(side.ratings, {means, variances, side.offsets()}, side.rows.free(),
                                   layout_.factors.stride(), kPriorScatter * deviation_, prior);
    side.log_variances = log_variances(side.ratings, variances, side.rows.free(), layout_.factors.stride());
    if (side.effects) {
      side.effects->improve(means, prior.mean, all.data() + layout_.partner_effects() + partners, kEffectSteps);
    }
  }

  PosteriorLayout layout_;
  double deviation_;
  std::unique_ptr<Ordinal> ordinal_;  // or null
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

void decide_svdpp(const RatingMatrix& ratings, TrainSettings& settings) {
  if (*settings.svdpp != kAuto) return;
  const Trial trial = trial_of(ratings, *settings.seed);
  const bool any = trial.held_out.size() > 0 && trial.ratings.size() > 0;
  const bool both = any && trial_error(trial, settings, kBoth) < trial_error(trial, settings, kNone);
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
                 &TrainSettings::svdpp),
          member(Option{.name = "likelihood",
                        .group = kOptimisationGroup,
                        .placeholder = "WHICH",
                        .help = "variational: what ratings are, given factors",
                        .kind = OptionKind::word,
                        .words =
                            [] {
                              return std::vector<Word>{
                                  {std::string(kNormal), "numbers with normal errors"},
                                  {std::string(kOrdinal),
                                   "a few values, each an interval of a normal number; cut points are learned, and "
                                   "odot predict --probabilities says how probable each value is"}};
                            },
                        .standard = std::string(kNormal)},
                 &TrainSettings::likelihood)};
}

}  // namespace

Method variational_method() {
  Method method{.name = "variational",
                .help = "distributions of factors, with priors and noise that are learned: no lambda",
                .unit = "sweeps"};
  method.defaults = {.rank = 30, .center = true, .biases = true, .iterations = 20, .tolerance = 0};
  method.own = own_options();
  method.check = check_init;
  return factor_method(std::move(method),
                       {.run = run, .link = link_of, .decide = decide_svdpp, .start = start, .finish = finish});
}

}  // namespace odot::inline ODOT_PRECISION
