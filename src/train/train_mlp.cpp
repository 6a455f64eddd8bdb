#include "odot/train/train_mlp.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "objective/mlp_objective.hpp"
#include "odot/core/error.hpp"
#include "odot/core/stopwatch.hpp"
#include "train/optimizer_choice.hpp"
#include "train/run_observer.hpp"

namespace odot {
namespace {

constexpr std::size_t kWidest = 65536;

bool evaluates_once_a_step(std::string_view line_search) {
  return line_search == "constant" || line_search == "decreasing";
}

OptimizerChoice choose(const MlpSettings& settings) {
  ParameterValues parameters = settings.parameters;
  const auto& known = find_line_search(settings.line_search).parameters;
  const bool has_step =
      std::any_of(known.begin(), known.end(), [](const auto& parameter) { return parameter.first == "step"; });
  if (has_step) parameters.emplace("step", kMlpStep);
  return choose_optimizer(settings.optimizer, settings.line_search, parameters);
}

// The rows of the feature table for the ids of the ratings.
std::vector<Index> find_rows(const IdTable& ids, const FeatureTable& features, const char* what) {
  std::vector<Index> rows(ids.size());
  std::size_t missing = 0;
  Index first = 0;
  for (Index k = 0; k < ids.size(); ++k) {
    rows[k] = features.ids.find(ids[k]);
    if (rows[k] == kUnknown && missing++ == 0) first = k;
  }
  if (missing > 0) {
    throw Error(
        fmt::format("{} '{}' of the ratings has no features in {}: each {} needs a line there; lines missing: {}", what,
                    ids[first], features.path, what, missing));
  }
  return rows;
}

Triples renumber(const Triples& ratings, const std::vector<Index>& users, const std::vector<Index>& items) {
  Triples out{ratings.user, ratings.item, ratings.value};
  for_each_element(out.size(), [&](std::size_t k) {
    if (out.user[k] != kUnknown) out.user[k] = users[out.user[k]];
    if (out.item[k] != kUnknown) out.item[k] = items[out.item[k]];
  });
  return out;
}

// Counts steps into epochs.
class EpochObserver {
 public:
  EpochObserver(Mlp& model, MlpObjective& objective, const Triples& train, const Triples& valid,
                const MlpSettings& settings, RunObserver& observe)
      : model_(model), objective_(objective), train_(train), valid_(valid), settings_(settings), observe_(observe) {}

  // The observer of minimize(). The objective's last batch is the first of the next epoch when an epoch ends.
  bool operator()(const Progress& progress) {
    const double square = model_.scale * model_.scale;
    const auto batches = static_cast<int>(objective_.batches());
    const int steps = progress.counts.iterations;
    bool go_on = true;
    const VisitState visit_run = [&](StateVisitor& visitor) {
      visit(visitor);
      progress.visit(visitor);
    };
    const RunPoint point{progress.last, progress.resumed, visit_run};
    if (progress.resumed && steps % batches == 0) {
      go_on = observe_.idle() || end_epoch(progress, point);
    } else if (steps % batches == 0) {
      epochs_ = steps / batches;
      if (!observe_.idle()) model_.theta.assign(progress.current.x.begin(), progress.current.x.end());
      if (batches == 1) {
        mean_square_ = square * progress.current.value;
      } else if (steps > 0) {
        mean_square_ = square * sum_ / static_cast<double>(train_.size());
      } else if (!observe_.idle()) {
        mean_square_ = std::pow(model_.evaluate(train_, false).rmse, 2);
      }
      sum_ = 0;
      go_on = observe_.idle() || end_epoch(progress, point);
    } else if (progress.last && !progress.resumed) {
      observe_.save(visit_run);
    }
    sum_ += progress.current.value * static_cast<double>(objective_.last_size());
    return go_on;
  }

  // At the moment of the observation, before the batch is counted.
  void visit(StateVisitor& visitor) {
    visitor.in("epoch", [&] {
      visitor.integer("epochs", epochs_);
      visitor.number("sum", sum_);
      visitor.number("mean_square", mean_square_);
    });
    visitor.in("batches", [&] { objective_.visit(visitor); });
  }

  int epochs() const { return epochs_; }
  double mean_square() const { return mean_square_; }

 private:
  bool end_epoch(const Progress& progress, const RunPoint& point) {
    Counts counts = progress.counts;
    counts.iterations = epochs_;
    const double none = std::numeric_limits<double>::quiet_NaN();
    const long passes = objective_.batches() == 1 ? objective_.passes() : epochs_;
    const TrainProgress epoch{counts, mean_square_,    none, {.step = progress.step.step}, std::sqrt(mean_square_),
                              passes, progress.seconds};
    const auto measure = [&] { return model_.evaluate(valid_, settings_.clip).rmse; };
    return observe_(epoch, model_.theta, measure, point);
  }

  Mlp& model_;
  MlpObjective& objective_;
  const Triples& train_;
  const Triples& valid_;
  const MlpSettings& settings_;
  RunObserver& observe_;
  int epochs_ = 0;
  double sum_ = 0;  // of the epoch's squared errors so far, in units of the scale
  double mean_square_ = 0;
};

int step_count(const MlpSettings& settings, std::size_t batches) {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (settings.epochs > 0 && batches > kMost / static_cast<std::size_t>(settings.epochs)) {
    throw Error(fmt::format("{} epochs of {} mini-batches are too many steps: choose a larger batch-size",
                            settings.epochs, batches));
  }
  return settings.epochs * static_cast<int>(batches);
}

}  // namespace

SettingTexts recorded_settings(const MlpSettings& settings) {
  SettingTexts out;
  out["method"] = "mlp";
  out["layers"] = settings.hidden.empty() ? "none" : fmt::format("{}", fmt::join(settings.hidden, ","));
  out["output-relu"] = settings.output_relu ? "true" : "false";
  out["batch-size"] = fmt::format("{}", settings.batch_size);
  out["iterations"] = fmt::format("{}", settings.epochs);
  out["early-stop"] = fmt::format("{}", settings.early_stop);
  if (settings.seconds > 0) out["time-limit"] = fmt::format("{}", settings.seconds);
  out["seed"] = fmt::format("{}", settings.seed);
  out["clip"] = settings.clip ? "true" : "false";
  choose(settings).describe(out);
  return out;
}

void check(const MlpSettings& settings) {
  for (const std::size_t size : settings.hidden) {
    if (size < 1 || size > kWidest) {
      throw Error(fmt::format("a layer has {} outputs, but must have from 1 to {}", size, kWidest));
    }
  }
  if (settings.epochs < 0) throw Error(fmt::format("iterations is {}, but must be ≥ 0", settings.epochs));
  if (settings.early_stop < 0) throw Error(fmt::format("early-stop is {}, but must be ≥ 0", settings.early_stop));
  if (!(settings.seconds >= 0) || std::isinf(settings.seconds)) {
    throw Error(fmt::format("time-limit is {}, but must be ≥ 0", settings.seconds));
  }
  const OptimizerChoice choice = choose(settings);
  choice.direction();
  choice.rule();
  if (settings.batch_size == 0) return;
  if (settings.batch_size < kSmallestBatch) {
    throw Error(fmt::format("batch-size is {}, but must be 0 (all ratings at once) or at least {}", settings.batch_size,
                            kSmallestBatch));
  }
  if (!evaluates_once_a_step(settings.line_search)) {
    throw Error(
        fmt::format("the line search {} compares values of one function, but mini-batches make it another one at "
                    "each evaluation: use constant or decreasing, or batch-size 0 (all ratings at once)",
                    settings.line_search));
  }
  if (choice.of_line_search.at("step") == 0) {
    throw Error(
        "step auto searches along a line, which mini-batches do not allow: give a step, or batch-size 0 (all "
        "ratings at once)");
  }
}

MlpResult train_mlp(RatingList ratings, const Triples& valid, FeatureTable users, FeatureTable items,
                    const MlpSettings& settings, const TrainObserver& observer, const CheckpointSettings& checkpoints) {
  check(settings);
  if (ratings.ratings.size() == 0) throw Error("there are no ratings to train on");
  const std::size_t inputs = users.encoding.inputs() + items.encoding.inputs();
  if (inputs == 0) {
    throw Error(fmt::format("neither {} nor {} has a feature that could be an input", users.path, items.path));
  }
  const ValueSummary values = summarize(ratings.ratings.value);
  if (settings.output_relu && values.lowest < 0) {
    throw Error(fmt::format("output-relu predicts no negative ratings, and the lowest here is {}", values.lowest));
  }
  const std::vector<Index> user_rows = find_rows(ratings.users, users, "user");
  const std::vector<Index> item_rows = find_rows(ratings.items, items, "item");
  const Triples train = renumber(ratings.ratings, user_rows, item_rows);
  const Triples held_out = renumber(valid, user_rows, item_rows);
  ratings = {};

  MlpResult result;
  Mlp& model = result.model;
  model.layers.push_back(inputs);
  model.layers.insert(model.layers.end(), settings.hidden.begin(), settings.hidden.end());
  model.layers.push_back(1);
  model.output_relu = settings.output_relu;
  model.scale = values.scale();
  model.lowest = values.lowest;
  model.highest = values.highest;
  model.set_features(std::move(users), std::move(items));
  model.clip = settings.clip;
  model.settings = recorded_settings(settings);
  model.theta = initial_parameters(model.layers, values.mean / model.scale, settings.seed);

  MlpObjective objective(model, train, settings.batch_size, settings.seed);
  const StopSettings stop{.iterations = step_count(settings, objective.batches()), .seconds = settings.seconds};
  const OptimizerChoice choice = choose(settings);
  const auto direction = choice.direction();
  const auto rule = choice.rule();
  RunObserver observe(settings.early_stop, held_out.size() > 0, observer);
  EpochObserver epochs(model, objective, train, held_out, settings, observe);
  Vector theta = model.theta;
  std::unique_ptr<CheckpointReader> resume;
  if (checkpoints.writes() || !checkpoints.resume.empty()) {
    resume = observe.start(checkpoints, identify(model, train, held_out, model.settings), theta.size());
  }
  if (resume) epochs.visit(*resume);
  const Summary summary = minimize(objective, *direction, *rule, stop, theta, std::ref(epochs), resume.get());
  model.theta = std::move(theta);

  MlpReport& report = result.report;
  report.stop_reason = observe.stop_reason(summary.reason);
  report.epochs = epochs.epochs();
  report.counts = summary.counts;
  report.passes = objective.passes();
  report.objective = epochs.mean_square();
  report.seconds = summary.seconds;
  if (KeptIterate* best = observe.best()) {
    model.theta = std::move(best->theta);
    report.best_iteration = best->iteration;
    report.objective = best->objective;
  }
  const Stopwatch watch;
  report.train = model.evaluate(train, settings.clip);
  if (held_out.size() > 0) report.valid = model.evaluate(held_out, settings.clip);
  report.evaluate_seconds = watch.seconds();
  return result;
}

}  // namespace odot
