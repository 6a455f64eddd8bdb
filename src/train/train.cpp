#include "odot/train/train.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "odot/core/error.hpp"
#include "odot/core/spelling.hpp"
#include "odot/core/stopwatch.hpp"
#include "train/initial_factors.hpp"
#include "train/method.hpp"
#include "train/optimizer_choice.hpp"
#include "train/run_observer.hpp"
#include "train/start_model.hpp"

namespace odot {
namespace {

// Throws Error unless blocks can solve rows by the optimizer.
void check_row_optimizer(const std::string& name) {
  std::vector<std::string_view> known{kNewton};
  for (const Method& method : optimizers()) known.push_back(method.name);
  if (std::ranges::count(known, name) > 0) return;
  throw Error(fmt::format("unknown optimizer '{}': with blocks known are {}", name,
                          fmt::join(nearest_first(std::move(known), name), ", ")));
}

// Whether the method runs an optimizer of the registry.
bool has_optimizer(const TrainSettings& settings) {
  return settings.method == FactorMethod::full ||
         (settings.method == FactorMethod::blocks && settings.optimizer != kNewton);
}

void record(const Regularisation& regularisation, SettingTexts& out) {
  out["lambda"] = fmt::format("{}", regularisation.lambda);
  out["lambda-per-rating"] = fmt::format("{}", regularisation.per_rating);
}

// What stands in for the bias of an unknown user or item: the value with which the predictions for one, over the
// training ratings, come to the mean of these. Not the mean of the known biases, because part of an uncentred mean lies
// in u·v. Where ratings were centred, a bias is a deviation from the mean, and none is the best guess.
void set_fallbacks(Factorization& model, const RatingMatrix& matrix, bool centred) {
  if (centred || !model.layout.biases) return;
  const auto mean_bias = [&](const Side& side, std::size_t first, int column) {
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

Vector random_start(const TrainSettings& settings, const Factorization& model, const ValueSummary& values) {
  const double offset = values.mean - model.mean;
  if (settings.method == FactorMethod::nnmf) return initial_non_negative_factors(model.layout, offset, settings.seed);
  return initial_factors(model.layout, model.pin, offset, values.scale(), settings.seed);
}

TrainOutcome run(const TrainTask& task, Vector& theta) {
  switch (task.settings.method) {
    case FactorMethod::full:
      return run_full(task, theta);
    case FactorMethod::blocks:
      return run_blocks(task, theta);
    case FactorMethod::nnmf:
      return run_nnmf(task, theta);
  }
  throw Error("there is no such method");
}

double root_mean(double sum, std::size_t count) { return std::sqrt(sum / static_cast<double>(count)); }

}  // namespace

Penalty user_penalty(const TrainTask& task) {
  return {task.regularisation.lambda, task.regularisation.per_rating, task.layout.user_pin()};
}

Penalty item_penalty(const TrainTask& task) {
  return {task.regularisation.lambda, task.regularisation.per_rating, task.layout.item_pin()};
}

std::string_view to_string(FactorMethod method) {
  switch (method) {
    case FactorMethod::full:
      return "full";
    case FactorMethod::blocks:
      return "blocks";
    case FactorMethod::nnmf:
      return "nnmf";
  }
  return "";
}

SettingTexts recorded_settings(const TrainSettings& settings) {
  SettingTexts out;
  out["method"] = to_string(settings.method);
  out["rank"] = fmt::format("{}", settings.rank);
  if (settings.regularisation) record(*settings.regularisation, out);
  out["center"] = settings.center ? "true" : "false";
  out["biases"] = settings.biases ? "true" : "false";
  out["clip"] = settings.clip ? "true" : "false";
  out["iterations"] = fmt::format("{}", settings.stop.iterations);
  out["tolerance"] = fmt::format("{}", settings.stop.tolerance);
  if (settings.stop.seconds > 0) out["time-limit"] = fmt::format("{}", settings.stop.seconds);
  if (settings.init) out["init-model"] = settings.init->checksum;
  if (settings.early_stop > 0) out["early-stop"] = fmt::format("{}", settings.early_stop);
  out["seed"] = fmt::format("{}", settings.seed);
  if (settings.method == FactorMethod::full) {
    out["gradient-tolerance"] = fmt::format("{}", settings.stop.gradient_tolerance);
  }
  if (settings.method == FactorMethod::blocks) {
    if (settings.block_rows) out["block-rows"] = fmt::format("{}", settings.block_rows);
    if (settings.block_cols) out["block-cols"] = fmt::format("{}", settings.block_cols);
    if (settings.optimizer == kNewton) {
      out["optimizer"] = kNewton;
    } else {
      out["inner-iterations"] = fmt::format("{}", settings.inner_iterations);
    }
  }
  if (has_optimizer(settings)) choose_optimizer(settings).describe(out);
  return out;
}

TrainSettings default_settings(FactorMethod method) {
  TrainSettings settings;
  settings.method = method;
  if (method == FactorMethod::blocks) {
    settings.optimizer = kNewton;
    // A sweep does what several iterations of the others do.
    settings.stop = {.iterations = 50, .tolerance = 1e-4};
  }
  if (method == FactorMethod::nnmf) {
    settings.optimizer.clear();
    settings.unobserved = true;
    settings.stop.iterations = 500;
    settings.center = false;
    settings.biases = false;
  }
  return settings;
}

Regularisation default_regularisation(FactorMethod method, int rank, double deviation) {
  if (method == FactorMethod::nnmf) return {2 * std::sqrt(rank) * deviation, 0};
  return {6 * deviation, 0.025 * deviation};
}

void check(const TrainSettings& settings) {
  if (settings.rank < 1 || settings.rank > kHighestRank) {
    throw Error(fmt::format("rank is {}, but must be from 1 to {}", settings.rank, kHighestRank));
  }
  const auto not_negative = [](double value, const char* name) {
    if (!(value >= 0) || std::isinf(value)) throw Error(fmt::format("{} is {}, but must be ≥ 0", name, value));
  };
  const Regularisation given = settings.regularisation.value_or(Regularisation{});
  not_negative(given.lambda, "lambda");
  not_negative(given.per_rating, "lambda-per-rating");
  not_negative(settings.stop.iterations, "iterations");
  not_negative(settings.stop.tolerance, "tolerance");
  not_negative(settings.stop.gradient_tolerance, "gradient-tolerance");
  not_negative(settings.stop.seconds, "time-limit");
  not_negative(settings.early_stop, "early-stop");
  if (settings.method == FactorMethod::nnmf && (settings.center || settings.biases)) {
    throw Error("nnmf subtracts no mean and has no biases, since its factors may not be negative");
  }
  if (settings.init) check_start_model(*settings.init, settings);
  if (settings.inner_iterations < 1) {
    throw Error(fmt::format("inner-iterations is {}, but must be ≥ 1", settings.inner_iterations));
  }
  if (settings.method == FactorMethod::blocks) check_row_optimizer(settings.optimizer);
  if (settings.method == FactorMethod::full && settings.optimizer == kNewton) {
    throw Error("optimizer newton solves one row of factors at a time: it needs method blocks");
  }
  if (has_optimizer(settings)) {
    const OptimizerChoice choice = choose_optimizer(settings);
    choice.direction();
    choice.rule();
    return;
  }
  const std::string_view name = settings.method == FactorMethod::nnmf ? to_string(settings.method) : kNewton;
  if (settings.line_search) {
    throw Error(fmt::format("line-search {} is of no use to {}, which takes no steps along lines",
                            *settings.line_search, name));
  }
  if (!settings.parameters.empty()) {
    throw Error(fmt::format("{} is of no use to {}, which takes no steps along lines",
                            settings.parameters.begin()->first, name));
  }
}

TrainResult train(RatingData data, const Triples& valid, const TrainSettings& settings, const TrainObserver& observer,
                  const CheckpointSettings& checkpoints) {
  check(settings);
  RatingMatrix& matrix = data.ratings;
  const std::size_t count = matrix.size();
  if (count == 0) throw Error("there are no ratings to train on");

  TrainResult result;
  Factorization& model = result.model;
  TrainReport& report = result.report;
  const ValueSummary& values = matrix.summary();
  const double scale = values.scale();
  if (settings.method == FactorMethod::nnmf && values.lowest < 0) {
    throw Error(fmt::format("nnmf needs ratings that are not negative, and the lowest here is {}", values.lowest));
  }
  report.regularisation =
      settings.regularisation.value_or(default_regularisation(settings.method, settings.rank, scale));
  if (has_optimizer(settings)) report.line_search = choose_optimizer(settings).line_search.name;
  model.layout = {matrix.users(), matrix.items(), settings.rank, settings.biases};
  // With partners pinned at √scale instead of 1, biases grow with the ratings as the factors do, and one λ serves both.
  model.pin = std::sqrt(scale);
  model.mean = settings.center ? values.mean : 0;
  model.lowest = values.lowest;
  model.highest = values.highest;
  model.unknown_mean = values.mean;
  model.settings = recorded_settings(settings);
  record(report.regularisation, model.settings);
  model.clip = settings.clip;
  model.regularisation = report.regularisation;
  model.non_negative = settings.method == FactorMethod::nnmf;
  // Biases are penalised over the pin, which the model does not have any more after absorb_pin().
  if (settings.biases) model.training_pin = model.pin;

  RunObserver observe(settings.early_stop, valid.size() > 0, observer);
  std::unique_ptr<CheckpointReader> resume;
  if (checkpoints.writes() || !checkpoints.resume.empty()) {
    resume = observe.start(checkpoints, identify(data, valid, model.settings), model.layout.size());
  }
  model.theta = random_start(settings, model, values);
  if (settings.init) {
    report.init_known = start_from(*settings.init, data, model.layout, model.pin, model.mean, model.theta);
  }
  matrix.subtract(model.mean);
  TrainTask task{matrix, model.layout, settings, report.regularisation, {}, resume.get()};
  if (!observe.idle()) {
    task.observe = [&](const TrainState& state) {
      const auto measure = [&] { return evaluate(model.view(state.theta), valid, settings.clip).rmse; };
      return observe({state.counts, state.objective, state.gradient_norm, state.step,
                      root_mean(state.squared_error, count), state.passes, state.seconds},
                     state.theta, measure, {state.last, state.resumed, state.visit});
    };
  }
  const TrainOutcome outcome = run(task, model.theta);
  report.stop_reason = observe.stop_reason(outcome.summary.reason);
  report.optimisation = outcome.summary;
  report.passes = outcome.passes;
  if (KeptIterate* best = observe.best()) {
    model.theta = std::move(best->theta);
    report.best_iteration = best->iteration;
    report.optimisation.value = best->objective;
    report.optimisation.gradient_norm = best->gradient_norm;
  }
  absorb_pin(model);
  set_fallbacks(model, matrix, settings.center);

  const Stopwatch watch;
  matrix.subtract(0);
  report.train = evaluate(model.view(), matrix.by_user(), settings.clip);
  if (valid.size() > 0) report.valid = evaluate(model.view(), valid, settings.clip);
  if (settings.unobserved) report.unobserved = unobserved_shares(model.view(), matrix.by_user());
  report.evaluate_seconds = watch.seconds();
  model.users = std::move(data.users);
  model.items = std::move(data.items);
  return result;
}

}  // namespace odot
