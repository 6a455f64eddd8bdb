// A neural network on features of users and items, by an optimizer over mini-batches of an order drawn anew for each
// epoch.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "objective/mlp_objective.hpp"
#include "odot/core/error.hpp"
#include "odot/core/stopwatch.hpp"
#include "train/checkpoint_file.hpp"
#include "train/methods/methods.hpp"
#include "train/optimizer_choice.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kWidest = 65536;  // of a layer
constexpr double kMostRatings = 1e12;   // of a mini-batch
constexpr const char* kFeatureGroup = "Features of users and items (--method mlp, variational)";

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
                const TrainSettings& settings, RunObserver& observe)
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
    const auto measure = [&] { return model_.evaluate(valid_, *settings_.clip).rmse; };
    return observe_(epoch, model_.theta, measure, point);
  }

  Mlp& model_;
  MlpObjective& objective_;
  const Triples& train_;
  const Triples& valid_;
  const TrainSettings& settings_;
  RunObserver& observe_;
  int epochs_ = 0;
  double sum_ = 0;  // of the epoch's squared errors so far, in units of the scale
  double mean_square_ = 0;
};

int step_count(const TrainSettings& settings, std::size_t batches) {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<int>::max());
  const int epochs = *settings.iterations;
  if (epochs > 0 && batches > kMost / static_cast<std::size_t>(epochs)) {
    // Of the data, which decide how many batches there are.
    throw Error::naming(
        fmt::format("{} epochs of {} mini-batches are too many steps: choose a larger ", epochs, batches), "batch-size",
        "");
  }
  return epochs * static_cast<int>(batches);
}

void check_batches(const TrainSettings& settings) {
  const std::size_t size = *settings.batch_size;
  if (size == 0) return;
  if (size < kSmallestBatch) {
    throw Error::of_setting(
        "batch-size", fmt::format("is {}, but must be 0 (all ratings at once) or at least {}", size, kSmallestBatch));
  }
  const OptimizerChoice choice = choose_optimizer(settings);
  if (!choice.rule()->fixed_steps()) {
    std::vector<std::string_view> fixed;
    for (const Algorithm& search : line_searches()) {
      if (make_step_rule(search.name)->fixed_steps()) fixed.push_back(search.name);
    }
    throw Error(fmt::format("the line search {} compares values of one function, but mini-batches make it another one "
                            "at each evaluation: use {}, or batch-size 0 (all ratings at once)",
                            choice.line_search.name, fmt::join(fixed, " or ")),
                ErrorKind::usage);
  }
  if (choice.of_line_search.at("step") == 0) {
    throw Error(
        "step auto searches along a line, which mini-batches do not allow: give a step, or batch-size 0 (all "
        "ratings at once)",
        ErrorKind::usage);
  }
}

// Of those of the training ratings.
Index distinct(const std::vector<Index>& indices, Index size) {
  std::vector<bool> there(size);
  for (const Index index : indices) there[index] = true;
  return static_cast<Index>(std::count(there.begin(), there.end(), true));
}

TrainResult train_network(Dataset data, const TrainSettings& settings, const TrainObserver& observer,
                          const CheckpointSettings& checkpoints) {
  if (data.size() == 0) throw Error("there are no ratings to train on");
  if (!data.user_features || !data.item_features) {
    throw Error(fmt::format("there are no features of the {}, which a network is trained on",
                            data.user_features ? "items" : "users"));
  }
  FeatureTable users = std::move(*data.user_features);
  FeatureTable items = std::move(*data.item_features);
  const std::size_t inputs = users.encoding.inputs() + items.encoding.inputs();
  if (inputs == 0) {
    throw Error(fmt::format("neither {} nor {} has a feature that could be an input", users.path, items.path));
  }
  Triples list = data.take_list();
  const ValueSummary values = summarize(list.value);
  if (*settings.output_relu && values.lowest < 0) {
    throw Error::naming("", "output-relu",
                        fmt::format(" predicts no negative ratings, and the lowest here is {}", values.lowest));
  }
  TrainReport report;
  report.settings = settings;
  report.users = distinct(list.user, data.users.size());
  report.items = distinct(list.item, data.items.size());
  const std::vector<Index> user_rows = find_rows(data.users, users, "user");
  const std::vector<Index> item_rows = find_rows(data.items, items, "item");
  const Triples train = renumber(list, user_rows, item_rows);
  const Triples held_out = renumber(data.valid, user_rows, item_rows);
  list = {};
  data = {};

  Mlp model;
  model.layers.push_back(inputs);
  model.layers.insert(model.layers.end(), settings.layers->begin(), settings.layers->end());
  model.layers.push_back(1);
  model.output_relu = *settings.output_relu;
  model.scale = values.scale();
  model.lowest = values.lowest;
  model.highest = values.highest;
  model.set_features(std::move(users), std::move(items));
  model.clip = *settings.clip;
  model.settings = recorded_settings(settings);
  model.theta = initial_parameters(model.layers, values.mean / model.scale, *settings.seed);

  MlpObjective objective(model, train, *settings.batch_size, *settings.seed);
  const StopSettings stop{.iterations = step_count(settings, objective.batches()), .seconds = *settings.time_limit};
  const OptimizerChoice choice = choose_optimizer(settings);
  const auto direction = choice.direction();
  const auto rule = choice.rule();
  RunObserver observe(*settings.early_stop, held_out.size() > 0, observer);
  EpochObserver epochs(model, objective, train, held_out, settings, observe);
  Vector theta = model.theta;
  std::unique_ptr<StateVisitor> resume;
  if (checkpoints.writes() || !checkpoints.resume.empty()) {
    resume = observe.start(checkpoints, identify(model, train, held_out, model.settings), theta.size());
  }
  if (resume) epochs.visit(*resume);
  report.optimisation = minimize(objective, *direction, *rule, stop, theta, std::ref(epochs), resume.get());
  model.theta = std::move(theta);

  report.stop_reason = observe.stop_reason(report.optimisation.reason);
  report.optimisation.counts.iterations = epochs.epochs();
  report.optimisation.value = epochs.mean_square();
  report.optimisation.gradient_norm = std::numeric_limits<double>::quiet_NaN();
  report.passes = objective.passes();
  if (KeptIterate* best = observe.best()) {
    model.theta = std::move(best->theta);
    report.best_iteration = best->iteration;
    report.optimisation.value = best->objective;
  }
  const Stopwatch watch;
  report.train = model.evaluate(train, *settings.clip);
  if (held_out.size() > 0) report.valid = model.evaluate(held_out, *settings.clip);
  report.evaluate_seconds = watch.seconds();
  report.model = fmt::format("network {}, ReLU between layers{}", fmt::join(model.layers, "-"),
                             model.output_relu ? " and after the last" : "");
  report.figures = {{"layers", model.layers},
                    {"output_relu", model.output_relu},
                    {"batch_size", static_cast<std::int64_t>(*settings.batch_size)}};
  return {std::make_unique<Mlp>(std::move(model)), std::move(report)};
}

std::vector<TrainOption> own_options() {
  const std::string group = "Neural network (--method mlp)";
  const auto input = [](const char* name, const char* placeholder, const char* help) {
    return TrainOption{input_option(name, kFeatureGroup, placeholder, help)};
  };
  Option layers = number_option("layers", group, "N,N,…", "sizes of the hidden layers, or none", {1, kWidest});
  layers.kind = OptionKind::sizes;
  layers.standard = std::vector<std::size_t>{64, 128, 64};
  Option batch = integer_option("batch-size", group, "N",
                                fmt::format("ratings a mini-batch, at least {}; 0: all at once", kSmallestBatch),
                                {0, kMostRatings});
  batch.standard = std::int64_t{512};
  return {
      input("users", "FILE", "features of the users, a line for each: an id and columns of features"),
      input("items", "FILE", "features of the items, likewise"),
      input("user-features", "SPEC",
            "the columns to use, e.g. gender:categorical,age:numeric, by names in the header or numbers from 1; "
            "NAME:id is where the ids are\n"
            "default: ids in the first column; columns of numbers, ids too, are numeric; columns of texts are "
            "categorical (words with | between are several categories) if they have few different ones"),
      input("item-features", "SPEC", "likewise of the items"),
      member(std::move(layers), &TrainSettings::layers),
      member(toggle_option("output-relu", group, "ReLU after the last layer too", false), &TrainSettings::output_relu),
      member(std::move(batch), &TrainSettings::batch_size)};
}

}  // namespace

Method mlp_method() {
  Method method{.name = "mlp", .help = "a neural network on features of users and items", .unit = "epochs"};
  method.options = {"optimizer", "line-search"};
  method.defaults = {.line_search = "constant", .parameters = {{"step", 0.001}}, .iterations = 50, .early_stop = 3};
  method.own = own_options();
  method.features = FeatureUse::must;
  method.needs_order = true;
  method.resumes = true;
  method.check = check_batches;
  method.run = train_network;
  return method;
}

}  // namespace odot::inline ODOT_PRECISION
