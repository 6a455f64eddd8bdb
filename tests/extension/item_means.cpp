// A method, an option of its own and a kind of models, added from outside by one file that includes public headers
// only: an item's ratings are predicted by their mean, towards that of all as if there were some ratings more of that
// value.
#include "item_means.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "odot/odot.hpp"

namespace odot::test {
namespace {

constexpr const char* kShrinkage = "shrinkage";

struct ItemMeans final : Model {
  double mean = 0;
  Vector deviations;     // of each item's predictions from the mean of all
  Index user_count = 0;  // that were trained; nobody's ids need be known while training

  const ModelKind& kind() const override;
  void predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const override;
  Evaluation evaluate(const Triples& ratings, bool clip_to_range) const override;
};

class Predictor {
 public:
  Predictor(const ItemMeans& model, bool clip) : model_(model), clip_(clip) {}

  void operator()(const Triples& pairs, std::size_t begin, std::size_t end, double* out) const {
    check_pairs(pairs, begin, end, model_.user_count, static_cast<Index>(model_.deviations.size()));
    for (std::size_t k = begin; k < end; ++k) {
      const Index item = pairs.item[k];
      const double value = model_.mean + (item == kUnknown ? 0 : static_cast<double>(model_.deviations[item]));
      *out++ = clip_ ? model_.clipped(value) : value;
    }
  }

 private:
  const ItemMeans& model_;
  bool clip_;
};

void ItemMeans::predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const {
  predict_pairs<Predictor>(*this, pairs, clip_to_range, out);
}

Evaluation ItemMeans::evaluate(const Triples& ratings, bool clip_to_range) const {
  return evaluate_pairs<Predictor>(*this, ratings, clip_to_range);
}

ModelParts parts_of(const Model& any) {
  const auto& model = static_cast<const ItemMeans&>(any);
  safetensors::Metadata metadata = shared_metadata(model);
  metadata["mean"] = value_text(model.mean);
  metadata["users"] = std::to_string(model.user_count);
  return {{id_offsets("user_id_offsets", model.users), id_offsets("item_id_offsets", model.items),
           column_tensor("item_deviation", model.deviations.data(), model.deviations.size(), 1),
           id_bytes("user_ids", model.users), id_bytes("item_ids", model.items)},
          std::move(metadata)};
}

std::unique_ptr<Model> read(ModelReader& file) {
  auto model = std::make_unique<ItemMeans>();
  read_shared(file, *model);
  model->mean = file.number<double>("mean");
  model->user_count = file.number<Index>("users");
  const safetensors::Input deviations = file.take("item_deviation", 1);
  if (deviations.shape[0] >= kUnknown) file.fail("it has too many items");
  model->deviations.resize(deviations.shape[0]);
  file.copy_rows("item_deviation", deviations, model->deviations.size(), 1, model->deviations.data(), 1);
  model->users = file.ids("user_ids", "user_id_offsets", model->user_count);
  model->items = file.ids("item_ids", "item_id_offsets", static_cast<Index>(model->deviations.size()));
  file.expect_no_more();
  return model;
}

Description describe(const Model& any) {
  const auto& model = static_cast<const ItemMeans&>(any);
  return {{"users", std::uint64_t{model.users.size()}},
          {"items", std::uint64_t{model.items.size()}},
          {"mean", model.mean},
          {"lowest", model.lowest},
          {"highest", model.highest}};
}

constexpr ModelKind kItemMeans{.format = "test-item-means",
                               .word = "table of item means",
                               .predicts = true,
                               .ranks = false,
                               .folds_in = false,
                               .read = read,
                               .parts = parts_of,
                               .describe = describe};

const ModelKind& ItemMeans::kind() const { return kItemMeans; }

// What minimises Σ (mean + d_i − x)² + s Σ d_i².
Vector shrunken_deviations(const Triples& ratings, double mean, double shrinkage, Index items) {
  std::vector<double> sums(items);
  std::vector<double> counts(items, shrinkage);
  for (std::size_t k = 0; k < ratings.size(); ++k) {
    sums[ratings.item[k]] += static_cast<double>(ratings.value[k]) - mean;
    counts[ratings.item[k]] += 1;
  }
  Vector deviations(items);
  for (Index item = 0; item < items; ++item) {
    if (counts[item] > 0) deviations[item] = static_cast<Real>(sums[item] / counts[item]);
  }
  return deviations;
}

TrainResult train_means(Dataset data, const TrainSettings& settings, const TrainObserver& observer,
                        const CheckpointSettings& /*checkpoints*/) {
  if (data.size() == 0) throw Error("there are no ratings to train on");
  const double shrinkage = settings.parameters.at(kShrinkage);
  const Index users = data.matrix ? data.matrix->users() : data.users.size();
  const Index items = data.matrix ? data.matrix->items() : data.items.size();
  const Triples ratings = data.take_list();
  const ValueSummary values = summarize(ratings.value);

  TrainReport report;
  report.settings = settings;
  report.users = users;
  report.items = items;
  report.model = "item means, shrinkage " + value_text(shrinkage);
  report.figures = {{kShrinkage, shrinkage}};
  auto model = std::make_unique<ItemMeans>();
  model->mean = values.mean;
  model->deviations.assign(items, Real{0});
  model->user_count = users;
  model->lowest = values.lowest;
  model->highest = values.highest;
  model->clip = *settings.clip;
  model->settings = recorded_settings(settings);

  const Stopwatch training;
  RunObserver observe(*settings.early_stop, data.valid.size() > 0, observer);
  Summary& summary = report.optimisation;
  summary.gradient_norm = std::numeric_limits<double>::quiet_NaN();
  const auto go_on = [&](bool last) {
    const double rmse = model->evaluate(ratings, false).rmse;
    summary.value =
        rmse * rmse * static_cast<double>(ratings.size()) + shrinkage * dot(model->deviations, model->deviations);
    const TrainProgress progress{
        summary.counts, summary.value, summary.gradient_norm, {.step = std::numeric_limits<double>::quiet_NaN()},
        rmse,           report.passes, training.seconds()};
    const auto measure = [&] { return model->evaluate(data.valid, *settings.clip).rmse; };
    return observe(progress, model->deviations, measure, {last, false, [](StateVisitor&) {}});
  };
  // The start predicts the mean for everything; the first iteration finds what there is to find.
  const bool ends = *settings.iterations == 0;
  summary.reason = go_on(ends) ? StopReason::iterations : StopReason::interrupted;
  if (!ends && summary.reason == StopReason::iterations) {
    model->deviations = shrunken_deviations(ratings, values.mean, shrinkage, items);
    summary.counts.iterations = 1;
    report.passes = 1;
    (void)go_on(true);
  }
  report.stop_reason = observe.stop_reason(summary.reason);
  if (KeptIterate* best = observe.best()) {
    model->deviations = std::move(best->theta);
    report.best_iteration = best->iteration;
    summary.value = best->objective;
  }
  summary.seconds = training.seconds();

  const Stopwatch evaluating;
  report.train = model->evaluate(ratings, *settings.clip);
  if (data.valid.size() > 0) report.valid = model->evaluate(data.valid, *settings.clip);
  report.evaluate_seconds = evaluating.seconds();
  model->users = std::move(data.users);
  model->items = std::move(data.items);
  return {std::move(model), std::move(report)};
}

Method means_method() {
  Option shrinkage = number_option(kShrinkage, "Item means (--method means)", "X",
                                   "ratings of the mean value that are added to each item's", {0, 1e5});
  shrinkage.standard = 10.0;
  Method method{.name = "means", .help = "the mean rating of each item; no factors", .unit = "iterations"};
  method.defaults = {.iterations = 1};
  method.own = {parameter(std::move(shrinkage))};
  method.run = train_means;
  return method;
}

}  // namespace

void add_item_means() {
  register_model_kind(kItemMeans);
  register_method(means_method());
}

}  // namespace odot::test
