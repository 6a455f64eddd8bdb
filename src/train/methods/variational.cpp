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

#include "odot/core/error.hpp"
#include "train/methods/methods.hpp"
#include "train/posterior/ordinal.hpp"
#include "train/posterior/svdpp_trial.hpp"
#include "train/posterior/variational_sweeper.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::string_view kNormal = "normal";
constexpr std::string_view kOrdinal = "ordinal";

// After so many sweeps the one that is better at the end usually is.
constexpr int kTellingSweeps = 6;

// Factors where none are asked for: as many as a row has ratings on average, within these.
constexpr int kFewestFactors = 6;
constexpr int kMostUsualFactors = 30;

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

void finish(Factorization& model, const TrainSettings& settings, const SideInputs& inputs) {
  const PosteriorLayout layout = posterior_layout(model.layout, settings, inputs, model.link ? &*model.link : nullptr);
  const std::size_t stride = model.layout.stride();
  const std::size_t items = model.layout.item_row(0);
  Vector all = std::move(model.theta);
  const auto part = [&](std::size_t begin, std::size_t size) { return part_of(all, begin, size); };
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
  if (model.link) model.link->cuts = part(layout.cuts(), layout.cut_count);
  if (moves_users(settings)) {
    posterior.users.partner_effects = part(layout.partner_effects() + items, model.layout.size() - items);
  }
  if (moves_items(settings)) posterior.items.partner_effects = part(layout.partner_effects(), items);
  all.resize(model.layout.size());  // as it is: a copy would be one more of all factors
  model.theta = std::move(all);
}

TrainOutcome run(const TrainTask& task, Vector& theta) {
  restore_factors(task, theta);
  return run_sweeps(task, *variational_sweeper(task, theta), theta);
}

}  // namespace

void decide_rank(const RatingMatrix& ratings, TrainSettings& settings) {
  if (settings.rank) return;
  const Offset rows = Offset{rated_rows(ratings.by_user())} + rated_rows(ratings.by_item());
  settings.rank = static_cast<int>(std::clamp<Offset>(ratings.size() / rows, kFewestFactors, kMostUsualFactors));
}

std::vector<std::pair<std::string, std::string>> decided_options() {
  return {{"rank", fmt::format("ratings a user or item has on average, {} to {}", kFewestFactors, kMostUsualFactors)}};
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
  method.warm_up = [](const TrainSettings&) { return kTellingSweeps; };
  method.decides = decided_options();
  method.own = own_options();
  method.options = {"users", "items", "user-features", "item-features"};
  method.features = FeatureUse::may;
  method.check = check_init;
  return factor_method(
      std::move(method),
      {.run = run, .posterior = true, .link = link_of, .decide = decide, .start = start_variational, .finish = finish});
}

}  // namespace odot::inline ODOT_PRECISION
