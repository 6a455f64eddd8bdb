// Bayesian factorisation by sampling (Salakhutdinov & Mnih 2008): Gibbs' sampler over U, V, their normal priors, what
// partners do to rows, and the noise, which has a weight for each user and item. Some of the samples are kept: their
// factors side by side are the model, whose predictions are the means of theirs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/evaluate.hpp"
#include "train/methods/methods.hpp"
#include "train/posterior/kept_samples.hpp"
#include "train/posterior/posterior_start.hpp"
#include "train/posterior/sampled_side.hpp"
#include "train/posterior/sampler_layout.hpp"
#include "train/posterior/svdpp_trial.hpp"
#include "train/sweeps.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr const char* kBurnIn = "burn-in";
constexpr const char* kSamples = "samples";
constexpr const char* kKeep = "keep";
constexpr double kUsualBurnIn = 20;
constexpr double kUsualKeep = 30;
constexpr int kUsualSweeps = 170;
constexpr int kFirstSamples = 10;              // that tell what more will be worth
constexpr double kMostSweeps = (1 << 24) - 1;  // what Draws can number

// Degrees of freedom of the weights of rows: those they start with, and a grid that they are drawn from.
constexpr double kUserFreedom = 20;
constexpr double kItemFreedom = 50;
constexpr int kGrid = 60;
constexpr double kLeastFreedom = 2;
constexpr double kMostFreedom = 2000;

constexpr double kFirstStrength = 1;  // τ of the effects

int number(const TrainSettings& settings, const char* name) { return static_cast<int>(settings.parameters.at(name)); }

SamplerLayout sampler_layout(const FactorLayout& model, const TrainSettings& settings, const SideInputs& inputs) {
  FactorLayout factors = model;
  factors.rank = *settings.rank;
  return {model,
          factors,
          number(settings, kKeep),
          moves_users(settings) || moves_items(settings),
          inputs.users.width,
          inputs.items.width};
}

int kept_factors(const TrainSettings& settings) { return *settings.rank * number(settings, kKeep); }

Vector start(const StartTask& task) {
  const SamplerLayout layout = sampler_layout(task.layout, task.settings, task.inputs);
  Vector all(layout.size());
  start_posterior(task, layout.factors, all.data() + layout.sample(), layout.prior(all, layout.user_prior()),
                  layout.prior(all, layout.item_prior()));
  std::fill_n(all.begin() + static_cast<std::ptrdiff_t>(layout.user_weights()),
              layout.partner_effects() - layout.user_weights(), Real{1});
  all[layout.number(SamplerLayout::noise_precision)] =
      static_cast<Real>(kFirstNoise / (task.deviation * task.deviation));
  all[layout.number(SamplerLayout::user_freedom)] = static_cast<Real>(kUserFreedom);
  all[layout.number(SamplerLayout::item_freedom)] = static_cast<Real>(kItemFreedom);
  all[layout.number(SamplerLayout::user_strength)] = static_cast<Real>(kFirstStrength);
  all[layout.number(SamplerLayout::item_strength)] = static_cast<Real>(kFirstStrength);
  // What is kept of no sample: what the first one is drawn by.
  all[layout.number(SamplerLayout::mean_noise)] = 1 / all[layout.number(SamplerLayout::noise_precision)];
  std::fill_n(all.begin() + static_cast<std::ptrdiff_t>(layout.mean_weights()),
              layout.item_variances() - layout.mean_weights(), Real{1});
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(layout.user_prior()), 2 * prior_size(layout.factors.stride()),
              all.begin() + static_cast<std::ptrdiff_t>(layout.kept_priors()));
  // The pins of the model, which stay as they are.
  const FactorLayout& model = task.layout;
  for (std::size_t row = 0; row < model.users; ++row) {
    all[row * model.stride() + static_cast<std::size_t>(model.user_pin())] = static_cast<Real>(task.pin);
  }
  for (std::size_t row = 0; row < model.items; ++row) {
    all[model.item_row(0) + row * model.stride() + static_cast<std::size_t>(model.item_pin())] =
        static_cast<Real>(task.pin);
  }
  return all;
}

void finish(Factorization& model, const TrainSettings& settings, const SideInputs& inputs) {
  move_kept(sampler_layout(model.layout, settings, inputs), moves_users(settings), moves_items(settings), inputs,
            model);
}

// Draws ν of weights ω ~ Gamma(ν/2, ν/2) from its distribution given them, uniform over the logarithms of a grid.
double draw_freedom(ConstSpan weights, Draws draws) {
  double logarithms = 0;
  double sum = 0;
  for (const Real weight : weights) {
    logarithms += std::log(static_cast<double>(weight));
    sum += static_cast<double>(weight);
  }
  std::vector<double> freedoms;
  std::vector<double> densities;
  for (int k = 0; k < kGrid; ++k) {
    const double freedom = kLeastFreedom * std::pow(kMostFreedom / kLeastFreedom, k / (kGrid - 1.0));
    const double half = freedom / 2;
    freedoms.push_back(freedom);
    densities.push_back(static_cast<double>(weights.size()) * (half * std::log(half) - std::lgamma(half)) +
                        (half - 1) * logarithms - half * sum);
  }
  const double highest = *std::ranges::max_element(densities);
  double total = 0;
  for (double& density : densities) total += density = std::exp(density - highest);
  double left = draws.uniform() * total;
  std::size_t chosen = 0;
  while (chosen + 1 < densities.size() && left >= densities[chosen]) left -= densities[chosen++];
  return freedoms[chosen];
}

class GibbsSweeper : public Sweeper {
 public:
  GibbsSweeper(const TrainTask& task, Vector& all)
      : task_(task),
        layout_(sampler_layout(task.layout, task.settings, task.inputs)),
        deviation_(task.ratings.summary().scale()),
        users_(task.ratings.by_user(), task.ratings.by_item(), layout_.factors, layout_.factors.user_pin(),
               moves_users(task.settings), task.inputs.users, kUserHalf),
        items_(task.ratings.by_item(), task.ratings.by_user(), layout_.factors, layout_.factors.item_pin(),
               moves_items(task.settings), task.inputs.items, kItemHalf),
        burn_in_(number(task.settings, kBurnIn)),
        samples_(number(task.settings, kSamples)),
        keep_(number(task.settings, kKeep)) {
    if (users_.features) users_.features->move(block(all, users_, layout_.user_features()).effects);
    if (items_.features) items_.features->move(block(all, items_, layout_.item_features()).effects);
    if (task.resume) current_ = &all;
  }

  void sweep(Vector& all) override {
    ++sweep_;
    const std::size_t users = layout_.sample();
    const std::size_t items = users + layout_.factors.item_row(0);
    draw_rows(all, users_, items_, {users, items, layout_.user_weights(), layout_.item_weights()},
              {layout_.user_prior(), SamplerLayout::user_freedom, Drawn::user_rows});
    const double squares =
        draw_rows(all, items_, users_, {items, users, layout_.item_weights(), layout_.user_weights()},
                  {layout_.item_prior(), SamplerLayout::item_freedom, Drawn::item_rows});
    Draws draws(seed(), Drawn::noise, sweep_);
    const double unit = deviation_ * deviation_;
    const auto ratings = static_cast<double>(users_.ratings.size());
    set(all, SamplerLayout::noise_precision, draws.gamma((ratings + 2) / 2) / ((squares + kNoiseRate * unit) / 2));
    value_ = negative_log_likelihood(all, squares);
    set(all, SamplerLayout::user_freedom,
        draw_freedom(weights(all, users_, layout_.user_weights()), Draws(seed(), Drawn::noise, sweep_, 1)));
    set(all, SamplerLayout::item_freedom,
        draw_freedom(weights(all, items_, layout_.item_weights()), Draws(seed(), Drawn::noise, sweep_, 2)));
    learn(all, users_, {users, layout_.partner_effects() + layout_.factors.item_row(0), layout_.user_features()},
          {layout_.user_prior(), SamplerLayout::user_strength, Drawn::user_prior, Drawn::user_effects,
           Drawn::user_features});
    learn(all, items_, {items, layout_.partner_effects(), layout_.item_features()},
          {layout_.item_prior(), SamplerLayout::item_strength, Drawn::item_prior, Drawn::item_effects,
           Drawn::item_features});
    passes_ += 2;
    keep(all);
    current_ = &all;
  }

  double value() const override { return value_; }
  long passes() const override { return passes_; }
  bool can_diverge() const override { return false; }

  // Of the sample: its errors have weights where it is drawn. Before the first the model is the ratings' mean.
  double squared_error() const override {
    const double deviation = task_.ratings.summary().deviation;
    if (!current_) return static_cast<double>(users_.ratings.size()) * deviation * deviation;
    FactorView view;
    view.layout = layout_.factors;
    view.theta = ConstSpan(*current_).subspan(layout_.sample(), layout_.factors.size());
    const double rmse = evaluate(view, users_.ratings, false).rmse;
    return rmse * rmse * static_cast<double>(users_.ratings.size());
  }

  void visit(StateVisitor& visitor) override {
    visitor.number("value", value_);
    visitor.integer("passes", passes_);
    visitor.integer("sweep", sweep_);
    if (users_.effects) visitor.array("user_offsets", users_.effects->sums());
    if (items_.effects) visitor.array("item_offsets", items_.effects->sums());
  }

 private:
  // Where rows, columns and their weights begin.
  struct Places {
    std::size_t rows;
    std::size_t columns;
    std::size_t weights;
    std::size_t column_weights;
  };
  struct RowDraws {
    std::size_t prior;
    SamplerLayout::Number freedom;
    Drawn what;
  };
  struct PriorDraws {
    std::size_t prior;
    SamplerLayout::Number strength;
    Drawn what;
    Drawn effects;
    Drawn features;
  };
  // Where what priors are learned from and for begins.
  struct PriorPlaces {
    std::size_t rows;
    std::size_t partners;
    std::size_t features;
  };

  std::uint64_t seed() const { return *task_.settings.seed; }
  double get(const Vector& all, SamplerLayout::Number which) const {
    return static_cast<double>(all[layout_.number(which)]);
  }
  void set(Vector& all, SamplerLayout::Number which, double value) const {
    all[layout_.number(which)] = static_cast<Real>(value);
  }
  static ConstSpan weights(const Vector& all, const SampledSide& side, std::size_t begin) {
    return ConstSpan(all).subspan(begin, side.ratings.rows());
  }

  FeatureBlock block(Vector& all, const SampledSide& side, std::size_t begin) const {
    return feature_block_at(all, begin, side.features->inputs(), layout_.factors.stride());
  }

  double draw_rows(Vector& all, SampledSide& side, SampledSide& other, const Places& places, const RowDraws& draws) {
    for (std::size_t k = 0; k < other.roots.size(); ++k) other.roots[k] = std::sqrt(all[places.column_weights + k]);
    const SampleTask task{all.data() + places.columns,
                          other.roots.data(),
                          layout_.prior(all, draws.prior),
                          side.offsets(),
                          get(all, SamplerLayout::noise_precision),
                          get(all, draws.freedom),
                          seed(),
                          draws.what,
                          sweep_};
    return side.rows.update(task, all.data() + places.rows, side.means.data(), side.variances.data(),
                            all.data() + places.weights);
  }

  void learn(Vector& all, SampledSide& side, const PriorPlaces& places, const PriorDraws& draws) {
    const GaussianPrior prior = layout_.prior(all, draws.prior);
    const std::size_t stride = layout_.factors.stride();
    const Real* rows = all.data() + places.rows;
    Real* partners = all.data() + places.partners;
    Real* features = all.data() + places.features;
    std::vector<EffectsPrior> effects;
    if (side.effects) effects.push_back({partners, side.ratings.columns, get(all, draws.strength)});
    if (side.features) effects.push_back({features, side.features->inputs(), kFeatureStrength});
    sample_prior(side.ratings, {rows, nullptr, side.offsets()}, effects, side.rows.free(), stride,
                 kPriorScatter * deviation_, Draws(seed(), draws.what, sweep_), prior);
    if (side.effects) {
      set(all, draws.strength,
          side.effects->update(side.without_features(rows), prior, side.rows.free(), get(all, draws.strength),
                               {seed(), draws.effects, sweep_}, partners));
    }
    if (!side.features) return;
    side.features->draw(rows, prior, side.partner_sums(), {seed(), draws.features, sweep_}, features);
  }

  // −log of the ratings' density, in units of their deviation, given the sample.
  double negative_log_likelihood(const Vector& all, double squares) const {
    const double precision = get(all, SamplerLayout::noise_precision);
    const auto logarithms = [&](const SampledSide& side, std::size_t begin) {
      double sum = 0;
      for (Index row = 0; row < side.ratings.rows(); ++row) {
        sum += static_cast<double>(side.ratings.count(row)) * std::log(static_cast<double>(all[begin + row]));
      }
      return sum;
    };
    const auto ratings = static_cast<double>(users_.ratings.size());
    return (precision * squares - ratings * std::log(precision * deviation_ * deviation_ / (2 * std::numbers::pi)) -
            logarithms(users_, layout_.user_weights()) - logarithms(items_, layout_.item_weights())) /
           2;
  }

  // Of `samples_` after the burn-in `keep_` are the model, evenly. Until then the model is the sample.
  void keep(Vector& all) {
    const auto due = [&](int samples) { return static_cast<long long>(samples) * keep_ / samples_; };
    const int sample = sweep_ - burn_in_;
    if (sample > samples_) return;
    const bool burning = sample <= 0;
    if (!burning && due(sample) == due(sample - 1)) return;
    const auto kept = static_cast<int>(get(all, SamplerLayout::kept));
    if (users_.features) {
      expect_unrated(all, users_, layout_.user_features(), layout_.sample() + layout_.factors.item_row(0));
      const std::size_t stride = layout_.factors.stride();
      for (const Index row : task_.inputs.users.unrated) {
        for (const std::size_t k : users_.rows.free()) {
          all[layout_.sample() + row * stride + k] = users_.means[row * stride + k];
        }
      }
    }
    if (items_.features) expect_unrated(all, items_, layout_.item_features(), layout_.sample());
    keep_sample(layout_, kept, items_.means, items_.variances, all);
    if (!burning) set(all, SamplerLayout::kept, kept + 1);
  }

  // A row without ratings is drawn as all others, which is of no use to anyone: in what is kept it stands where the
  // regression of the means that the others' rows were drawn about says, whose expectation is that of these rows'.
  void expect_unrated(Vector& all, SampledSide& side, std::size_t begin, std::size_t partners) {
    side.features->expect_unrated(side.means.data(), side.variances.data(), block(all, side, begin),
                                  side.shift_by(all.data() + partners, deviation_));
    ++passes_;
  }

  const TrainTask& task_;
  SamplerLayout layout_;
  double deviation_;
  SampledSide users_;
  SampledSide items_;
  int burn_in_;
  int samples_;
  int keep_;
  int sweep_ = 0;
  double value_ = 0;
  long passes_ = 0;
  const Vector* current_ = nullptr;
};

TrainOutcome run(const TrainTask& task, Vector& theta) {
  restore_factors(task, theta);
  GibbsSweeper sweeper(task, theta);
  return run_sweeps(task, sweeper, theta);
}

void check_factors(const TrainSettings& settings) {
  const int factors = kept_factors(settings);
  if (factors > kMostFactors) {
    throw Error::of_setting(kKeep,
                            fmt::format("{} samples of rank {} are {} factors, more than the {} that a model may have",
                                        number(settings, kKeep), *settings.rank, factors, kMostFactors));
  }
}

void check_kept(const TrainSettings& settings) {
  if (settings.rank) check_factors(settings);
}

void decide(const RatingMatrix& ratings, TrainSettings& settings) {
  const int burn_in = number(settings, kBurnIn);
  if (settings.parameters.contains(kSamples)) {
    const int all = number(settings, kSamples) + burn_in;
    settings.iterations = *settings.iterations == kUsualSweeps ? all : std::min(*settings.iterations, all);
  } else {
    // Which samples are kept depends on it, so that it is recorded, and a run cannot go on with another.
    settings.parameters[kSamples] = std::max(*settings.iterations - burn_in, 1);
  }
  decide_rank(ratings, settings);
  check_factors(settings);
  decide_svdpp(ratings, settings);
}

std::vector<TrainOption> own_options() {
  const auto whole = [](const char* name, const char* help, double least, double most) {
    return integer_option(name, kOptimisationGroup, "N", help, {least, most});
  };
  Option burn_in = whole(kBurnIn, "gibbs: sweeps before the first sample that may be kept", 0, kMostSweeps);
  burn_in.standard = kUsualBurnIn;
  Option keep = whole(kKeep, "gibbs: samples that are kept, evenly, for the model", 1, kMostFactors);
  keep.standard = kUsualKeep;
  Option samples =
      whole(kSamples, "gibbs: sweeps after the burn-in, instead of --iterations for all of them", 1, kMostSweeps);
  samples.default_text = [] { return std::string("default: all iterations but the burn-in"); };
  return {parameter(std::move(burn_in)), parameter(std::move(samples)), parameter(std::move(keep))};
}

}  // namespace

Method gibbs_method() {
  Method method{.name = "gibbs",
                .help = "samples of the same distributions; the most accurate, and the slowest",
                .unit = "sweeps"};
  method.options = {"svdpp", "users", "items", "user-features", "item-features"};
  method.features = FeatureUse::may;
  method.defaults = {.center = true, .biases = true, .iterations = kUsualSweeps};
  method.decides = decided_options();
  method.own = own_options();
  method.warm_up = [](const TrainSettings& settings) { return number(settings, kBurnIn) + kFirstSamples; };
  method.check = check_kept;
  return factor_method(
      std::move(method),
      {.run = run, .posterior = true, .decide = decide, .factors = kept_factors, .start = start, .finish = finish});
}

}  // namespace odot::inline ODOT_PRECISION
