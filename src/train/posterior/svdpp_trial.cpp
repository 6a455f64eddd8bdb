// Both or none, by a trial on ratings that are held out.
#include "train/posterior/svdpp_trial.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "model/kinds/rescale.hpp"
#include "odot/core/random.hpp"
#include "odot/model/evaluate.hpp"
#include "ratings/multiplied.hpp"
#include "train/posterior/variational_sweeper.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// What svdpp auto tries: ratings, share held out, factors and sweeps.
constexpr double kMostTrial = 3e5;
constexpr double kTrialHeldOut = 0.05;
constexpr int kTrialRank = 14;
constexpr int kTrialSweeps = 5;

// Both sides' effects have to predict what is held out better by this share. Where sets say nothing they do by a third
// of it at most, on MovieLens by twice as much.
constexpr double kTrialGain = 0.003;
constexpr std::size_t kFewestTried = 1000;  // ratings held out, to say it by

// The numbers of random streams, beside those of the start.
enum Stream : std::uint64_t { kTrialUsers = 3, kTrialRatings = 4 };

// Some of the ratings in two parts, without their mean, in a unit that any ratings can be computed with in.
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
  Index chosen = 0;  // those who are not take no part: users are numbered anew
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
        part.user.push_back(chosen);
        part.item.push_back(side.indices[k]);
        part.value.push_back(values[k - begin]);
      }
    });
    ++chosen;
  }
  const double root = unit_root(ratings.summary().scale());
  const double to_unit = 1 / (root * root);
  trial.held_out = multiplied(std::move(trial.held_out), to_unit);
  trial.ratings = RatingMatrix(chosen, ratings.items(), multiplied(std::move(rest), to_unit));
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
  Vector all = start_variational({model.layout, model.pin, values.scale(), settings});
  const TrainTask task{trial.ratings, model.layout, settings, {}, {}, nullptr};
  const std::unique_ptr<Sweeper> sweeper = variational_sweeper(task, all);
  for (int sweep = 0; sweep < kTrialSweeps; ++sweep) sweeper->sweep(all);
  return evaluate(model.view(ConstSpan(all).first(model.layout.size())), trial.held_out, false).rmse;
}

}  // namespace

bool moves_users(const TrainSettings& settings) { return *settings.svdpp == kBoth || *settings.svdpp == kUsers; }
bool moves_items(const TrainSettings& settings) { return *settings.svdpp == kBoth || *settings.svdpp == kItems; }

void decide_svdpp(const RatingMatrix& ratings, TrainSettings& settings) {
  if (*settings.svdpp != kAuto) return;
  const Trial trial = trial_of(ratings, *settings.seed);
  const bool both = trial.held_out.size() >= kFewestTried &&
                    trial_error(trial, settings, kBoth) < (1 - kTrialGain) * trial_error(trial, settings, kNone);
  settings.svdpp = both ? kBoth : kNone;
}

}  // namespace odot::inline ODOT_PRECISION
