// The frame of every method that trains a factorisation: from ratings and settings to a model and a report.
#include "train/factor_training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/kinds/rescale.hpp"
#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/train/run_observer.hpp"
#include "ratings/multiplied.hpp"
#include "train/checkpoint_file.hpp"
#include "train/initial_factors.hpp"
#include "train/optimizer_choice.hpp"
#include "train/posterior/ordinal.hpp"
#include "train/start_model.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// What stands in for the bias of an unknown user or item: the value with which the predictions for one, over the
// training ratings, come to the mean of these. Not the mean of the known biases, because part of an uncentred mean lies
// in u·v. Where ratings were centred, a bias is a deviation from the mean, and none is the best guess.
void set_fallbacks(Factorization& model, const RatingMatrix& matrix, bool centred) {
  if (centred || !model.layout.biases) return;
  const auto mean_bias = [&](const RatingSide& side, std::size_t first, int column) {
    const double sum = parallel_sum(side.rows(), [&](std::size_t begin, std::size_t end) {
      double part = 0;
      for (std::size_t row = begin; row < end; ++row) {
        const Real bias = model.theta[first + row * model.layout.stride() + static_cast<std::size_t>(column)];
        part += static_cast<double>(side.count(static_cast<Index>(row))) * static_cast<double>(bias);
      }
      return part;
    });
    return model.pin * sum / static_cast<double>(side.size());
  };
  const FactorLayout& layout = model.layout;
  const double of_users = mean_bias(matrix.by_user(), layout.user_row(0), layout.user_bias());
  const double of_items = mean_bias(matrix.by_item(), layout.item_row(0), layout.item_bias());
  model.fallback_user_bias = model.unknown_mean - of_items;
  model.fallback_item_bias = model.unknown_mean - of_users;
}

Vector random_start(const FactorTraining& training, const TrainSettings& settings, const Factorization& model,
                    double scale, const ValueSummary& values, const SideInputs& inputs) {
  if (training.start) {
    return training.start({model.layout, model.pin, scale, settings, inputs, model.link ? &*model.link : nullptr});
  }
  const double offset = values.mean - model.mean;
  if (training.non_negative) return initial_non_negative_factors(model.layout, offset, *settings.seed);
  return initial_factors(model.layout, model.pin, offset, values.scale(), *settings.seed);
}

// The deviation of the ratings, or the size of those that are all equal but for rounding.
double extent(const ValueSummary& values) {
  const double size = std::max(std::abs(values.lowest), std::abs(values.highest));
  return values.deviation > size * static_cast<double>(std::numeric_limits<Real>::epsilon()) ? values.deviation : size;
}

// That of the unit that ratings are trained in. Values that are in a file stay as they are there, for which they must
// not be too far from it.
double root_of_unit(const RatingMatrix& ratings) {
  constexpr double kFarthest = 0x1p8;
  const double size = extent(ratings.summary());
  const double root = unit_root(size);
  if (!has_mapped_values(ratings)) return root;
  if (root > kFarthest || root < 1 / kFarthest) {
    throw Error(
        fmt::format("the ratings deviate by {:.3g}, and in an .odr file of more than 256 different values they "
                    "cannot be brought to a unit that suits training: give them as text, or in another unit",
                    size));
  }
  return 1;
}

// A posterior has variances of biases, which are in the square of the ratings' unit, and precisions, their inverses:
// they have to be numbers that Real holds, with room for what they differ by.
void check_unit_of_posterior(const Method& method, double root, double size) {
  constexpr double kFarthest = sizeof(Real) == sizeof(float) ? 0x1p25 : 0x1p200;
  if (root <= kFarthest && root >= 1 / kFarthest) return;
  throw Error::naming(
      fmt::format("the ratings deviate by {:.3g}, and {} keeps variances, which have the square of their unit and fit "
                  "{} precision for deviations from {:.0e} to {:.0e}: give the ratings in another unit, or ",
                  size, method.name, sizeof(Real) == sizeof(float) ? "single" : "double", 1 / (kFarthest * kFarthest),
                  kFarthest * kFarthest),
      "method", " blocks");
}

double root_mean(double sum, std::size_t count) { return std::sqrt(sum / static_cast<double>(count)); }

// "rank 16, mean, biases, lambda 5.8 + 0.02 n"
std::string describe(const TrainSettings& settings, const std::optional<Regularisation>& by, const SideInputs& inputs) {
  std::string text =
      fmt::format("rank {}{}{}", *settings.rank, *settings.center ? ", mean" : "", *settings.biases ? ", biases" : "");
  if (by) text += fmt::format(", lambda {:.4g}", by->lambda);
  if (by && by->per_rating != 0) text += fmt::format(" + {:.4g} n", by->per_rating);
  if (settings.svdpp) text += fmt::format(", svdpp {}", *settings.svdpp);
  if (inputs.users.width > 0) text += fmt::format(", {} inputs of users", inputs.users.width);
  if (inputs.items.width > 0) text += fmt::format(", {} inputs of items", inputs.items.width);
  return text;
}

TrainResult train_factors(const Method& method, const FactorTraining& training, Dataset data, TrainSettings settings,
                          const TrainObserver& observer, const CheckpointSettings& checkpoints) {
  if (data.size() == 0) throw Error("there are no ratings to train on");
  const RatingMatrix given = data.take_matrix();
  RatingMatrix matrix = given;
  const std::size_t count = matrix.size();

  Factorization model;
  TrainReport report;
  if (training.link) model.link = training.link(matrix, settings);
  if (training.non_negative && given.summary().lowest < 0) {
    throw Error(fmt::format("{} needs ratings that are not negative, and the lowest here is {}", method.name,
                            given.summary().lowest));
  }
  // Training sees ratings in units of about their deviation, so that squares and products of any ratings are numbers
  // that it can compute with, and steps that are tried first fit. It is a power of four, which leaves the bits of all
  // that does not depend on it as they are. The model and what is told of it are in the ratings' own unit.
  const double root = model.link ? 1 : root_of_unit(given);
  const double unit = root * root;
  if (training.posterior && !model.link) check_unit_of_posterior(method, root, extent(given.summary()));
  if (root != 1) matrix = multiplied(given, 1 / unit);
  const ValueSummary values = matrix.summary();
  const Triples converted = root == 1 ? Triples() : multiplied(data.valid, 1 / unit);
  const Triples& valid = root == 1 ? data.valid : converted;
  const double scale = model.link ? kLatentDeviation : values.scale();
  if (training.decide) training.decide(matrix, settings);
  SideInputs inputs;
  if (method.features != FeatureUse::none) {
    inputs = {row_inputs(data.user_features, data.users, matrix.by_user(), "user"),
              row_inputs(data.item_features, data.items, matrix.by_item(), "item")};
  }
  report.settings = settings;
  std::optional<Regularisation> by = settings.regularisation;
  if (!by && method.default_regularisation) by = method.default_regularisation(*settings.rank, unit * scale);
  report.regularisation = by.value_or(Regularisation());
  model.layout = {matrix.users(), matrix.items(), training.factors ? training.factors(settings) : *settings.rank,
                  *settings.biases};
  // With partners pinned at √scale instead of 1, biases grow with the ratings as the factors do, and one λ serves both.
  model.pin = std::sqrt(scale);
  // Cut points take the mean's place.
  model.mean = *settings.center && !model.link ? values.mean : 0;
  model.lowest = values.lowest;
  model.highest = values.highest;
  model.unknown_mean = model.link ? 0 : values.mean;
  TrainSettings as_used = settings;
  as_used.regularisation = by;
  model.settings = recorded_settings(as_used);
  model.clip = *settings.clip;
  model.regularisation = by;
  model.non_negative = training.non_negative;
  // Biases are penalised over the pin, which the model does not have any more after absorb_pin().
  if (model.layout.biases) model.training_pin = model.pin;

  model.theta = random_start(training, settings, model, scale, values, inputs);
  RunObserver observe(*settings.early_stop, valid.size() > 0, observer, method.warm_up ? method.warm_up(settings) : 0);
  std::unique_ptr<StateVisitor> resume;
  if (checkpoints.writes() || !checkpoints.resume.empty()) {
    RunIdentity identity = identify({data.users, data.items}, matrix, valid, model.settings);
    if (inputs.any()) identify_features(inputs.users.rows, inputs.items.rows, identity);
    resume = observe.start(checkpoints, identity, model.theta.size());
  }
  if (settings.init) {
    std::optional<InitModel> in_unit;
    if (root != 1) rescale(in_unit.emplace(*settings.init).model, 1 / root);
    report.init_known = start_from(in_unit ? *in_unit : *settings.init, {data.users, data.items}, model.layout,
                                   model.pin, model.mean, model.theta);
  }
  matrix.subtract(model.mean);
  const Regularisation in_unit{report.regularisation.lambda / unit, report.regularisation.per_rating / unit};
  TrainTask task{matrix, model.layout, settings, in_unit,
                 {},     resume.get(), inputs,   model.link ? &*model.link : nullptr};
  task.unobserved = unobserved_term(model, unit);
  // The objective of a method with λ is a sum of squares, others' have no unit.
  const double of_objective = method.default_regularisation ? unit * unit : 1;
  const double of_gradient = of_objective / root;
  // The others' is a bound on what sweeps learn, or a likelihood, and known after a sweep.
  const auto objective_of = [&](double value, int iterations) {
    const bool known = iterations > 0 || method.default_regularisation;
    return known ? of_objective * value : std::numeric_limits<double>::quiet_NaN();
  };
  if (!observe.idle()) {
    task.observe = [&](const TrainState& state) {
      const auto measure = [&] {
        if (!model.link) {
          return unit * evaluate(model.view(state.theta.first(model.layout.size())), valid, *settings.clip).rmse;
        }
        // A link's predictions are made of more than factors.
        Factorization now = model;
        now.theta.assign(state.theta.begin(), state.theta.end());
        training.finish(now, settings, inputs);
        return now.evaluate(valid, *settings.clip).rmse;
      };
      return observe(
          {state.counts, objective_of(state.objective, state.counts.iterations), of_gradient * state.gradient_norm,
           state.step, unit * root_mean(state.squared_error, count), state.passes, state.seconds},
          state.theta, measure, {state.last, state.resumed, state.visit});
    };
  }
  const TrainOutcome outcome = training.run(task, model.theta);
  report.stop_reason = observe.stop_reason(outcome.summary.reason);
  report.optimisation = outcome.summary;
  report.optimisation.value = objective_of(outcome.summary.value, outcome.summary.counts.iterations);
  report.optimisation.gradient_norm *= of_gradient;
  report.passes = outcome.passes;
  if (KeptIterate* best = observe.best()) {
    model.theta = std::move(best->theta);
    report.best_iteration = best->iteration;
    report.optimisation.value = best->objective;
    report.optimisation.gradient_norm = best->gradient_norm;
  }
  if (training.finish) training.finish(model, settings, inputs);
  rescale(model, root);
  matrix = given;
  absorb_pin(model);
  set_fallbacks(model, matrix, *settings.center || model.link);

  const Stopwatch watch;
  report.train = evaluate(model.view(), matrix.by_user(), *settings.clip);
  if (valid.size() > 0) report.valid = evaluate(model.view(), data.valid, *settings.clip);
  if (*settings.unobserved) report.unobserved = unobserved_shares(model.view(), matrix.by_user());
  report.evaluate_seconds = watch.seconds();
  report.users = model.layout.users;
  report.items = model.layout.items;
  report.model = describe(settings, by, inputs);
  if (model.link) report.model += fmt::format(", {} values", model.link->values.size());
  report.figures = {{"rank", std::int64_t{*settings.rank}}};
  if (settings.svdpp) report.figures.emplace_back("svdpp", *settings.svdpp);
  if (inputs.any()) {
    report.figures.emplace_back("user_inputs", static_cast<std::int64_t>(inputs.users.width));
    report.figures.emplace_back("item_inputs", static_cast<std::int64_t>(inputs.items.width));
  }
  if (by) {
    report.figures.emplace_back("lambda", by->lambda);
    report.figures.emplace_back("lambda_per_rating", by->per_rating);
  }
  model.users = std::move(data.users);
  model.items = std::move(data.items);
  return {std::make_unique<Factorization>(std::move(model)), std::move(report)};
}

}  // namespace

Penalty user_penalty(const TrainTask& task) {
  return {task.regularisation.lambda, task.regularisation.per_rating, task.layout.user_pin()};
}

Penalty item_penalty(const TrainTask& task) {
  return {task.regularisation.lambda, task.regularisation.per_rating, task.layout.item_pin()};
}

std::optional<UnobservedTerm> unobserved_term(const Factorization& model, double unit) {
  const auto recorded = [&](const char* name) {
    const auto found = model.settings.find(name);
    return found == model.settings.end() ? 0.0 : to_number<double>(found->second).value_or(0);
  };
  const double weight = recorded("unobserved-weight");
  if (!(weight > 0)) return std::nullopt;
  return UnobservedTerm{weight, recorded("unobserved-target") / unit - model.mean};
}

Regularisation usual_regularisation(int /*rank*/, double deviation) { return {6 * deviation, 0.025 * deviation}; }

Method factor_method(Method row, const FactorTraining& training) {
  for (const char* shared : {"rank", "unobserved"}) row.options.emplace_back(shared);
  if (!training.factors) row.options.insert(row.options.end(), {"tolerance", "init-model"});
  if (row.default_regularisation) {
    for (const char* strength : {"lambda", "lambda-per-rating", "unobserved-weight", "unobserved-target"}) {
      row.options.emplace_back(strength);
    }
  }
  row.resumes = true;
  row.check = [training, own = row.check](const TrainSettings& settings) {
    if (own) own(settings);
    if (settings.unobserved_target && !settings.unobserved_weight) {
      throw Error::of_setting("unobserved-target", "is of no use without unobserved-weight");
    }
    if (training.non_negative && settings.unobserved_target.value_or(0) < 0) {
      throw Error::of_setting("unobserved-target", "must not be negative where factors are not");
    }
    if (settings.init) check_start_model(*settings.init, settings, training.non_negative);
  };
  row.run = [training, row](Dataset data, const TrainSettings& settings, const TrainObserver& observer,
                            const CheckpointSettings& checkpoints) {
    return train_factors(row, training, std::move(data), settings, observer, checkpoints);
  };
  return row;
}

}  // namespace odot::inline ODOT_PRECISION
