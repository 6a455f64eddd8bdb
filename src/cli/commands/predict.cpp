// odot predict
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/load_model.hpp"
#include "cli/options/options.hpp"
#include "cli/paths.hpp"
#include "odot/core/output_file.hpp"
#include "odot/model/calibration.hpp"
#include "odot/model/model.hpp"
#include "odot/ratings/write.hpp"

namespace odot::cli {
namespace {

constexpr std::size_t kBuffer = 1 << 16;

// Columns of numbers after the ids of each pair.
using Columns = std::vector<std::vector<double>>;

void write_predictions(OutputFile& file, const RatingList& pairs, const Columns& columns,
                       const std::string& separator) {
  std::string lines;
  for (std::size_t k = 0; k < pairs.ratings.size(); ++k) {
    append_field(lines, pairs.users[pairs.ratings.user[k]], separator);
    lines += separator;
    append_field(lines, pairs.items[pairs.ratings.item[k]], separator);
    for (const std::vector<double>& column : columns) {
      lines += separator;
      append_number(lines, static_cast<Real>(column[k]));
    }
    lines += '\n';
    if (lines.size() >= kBuffer) {
      file.write(lines);
      lines.clear();
    }
  }
  file.write(lines);
}

std::vector<double> probabilities_of(const Model& model, const Triples& pairs) {
  std::vector<double> all(pairs.size() * model.rating_values().size());
  model.probabilities(pairs, all);
  return all;
}

// A column for each value.
void add_probabilities(const Model& model, const Triples& pairs, Columns& columns) {
  const std::size_t count = model.rating_values().size();
  const std::vector<double> all = probabilities_of(model, pairs);
  for (std::size_t value = 0; value < count; ++value) {
    std::vector<double>& column = columns.emplace_back(pairs.size());
    for (std::size_t k = 0; k < pairs.size(); ++k) column[k] = all[k * count + value];
  }
}

Columns value_bounds(const Model& model, const Triples& pairs, double level) {
  const ConstSpan values = model.rating_values();
  const std::vector<double> all = probabilities_of(model, pairs);
  Columns bounds(2, std::vector<double>(pairs.size()));
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const auto [first, last] = central_values(std::span(all).subspan(k * values.size(), values.size()), level);
    bounds[0][k] = static_cast<double>(values[first]);
    bounds[1][k] = static_cast<double>(values[last]);
  }
  return bounds;
}

Columns normal_bounds(const Model& model, const Triples& pairs, const std::vector<double>& deviations, double level,
                      bool clip) {
  std::vector<double> means(pairs.size());
  model.predict(pairs, false, means);
  const double half_width = interval_half_width(level);
  Columns columns;
  for (const double sign : {-1.0, 1.0}) {
    std::vector<double>& bounds = columns.emplace_back(pairs.size());
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      const double bound = means[k] + sign * half_width * deviations[k];
      bounds[k] = clip ? model.clipped(bound) : bound;
    }
  }
  return columns;
}

// With --sd a column of deviations, with --interval two of bounds, in the range of the training ratings if `clip`.
void add_uncertainty(const Model& model, const Triples& pairs, bool clip, const Options& options, Columns& columns) {
  std::vector<double> deviations(pairs.size());
  model.deviations(pairs, deviations);
  if (options.given("interval")) {
    const double level = options.fraction("interval", kUsualLevel);
    for (std::vector<double>& column : model.rating_values().empty()
                                           ? normal_bounds(model, pairs, deviations, level, clip)
                                           : value_bounds(model, pairs, level)) {
      columns.push_back(std::move(column));
    }
  }
  if (options.flag_given("sd")) columns.insert(columns.begin() + 1, std::move(deviations));
}

}  // namespace

Options declare_predict() {
  Options options(
      "odot predict MODEL PAIRS... [-o FILE] [options]",
      "Predicts the rating of every (user, item) pair, in order: lines of user, item and prediction with the\n"
      "separator of PAIRS. Unknown users and items are predicted from what is known (the mean, the other side's\n"
      "bias; by a neural network, as an average user or item) and counted.");
  options.arguments("MODEL PAIRS...", 2, -1);
  options.group("Results");
  options.value("output,o", "FILE", "write the predictions here (default -, standard output)");
  options.flag("json", "print the counts as one JSON object; the predictions then need -o FILE");
  options.toggle("clip", "keep predictions in the range of the training ratings (default: as the model was trained)");
  options.flag("sd",
               "a column more: the standard deviation of the rating about its prediction before clipping; of models "
               "that know it (methods variational and gibbs)");
  options.value("interval", "P",
                "two columns more: the bounds between which the rating is with this probability, above 0 and below 1; "
                "likewise");
  options.flag("probabilities",
               "after all these a column for each value that ratings can have, ascending as odot info lists them: how "
               "probable it is; of models that know it (likelihood ordinal)");
  feature_group(options);
  options.reading_group(true);
  options.common_group();
  return options;
}

int run_predict(const Arguments& arguments) {
  Options options = declare_predict();
  if (!options.parse(arguments)) return kDone;
  const std::string target = options.text("output", "-");
  const bool json = options.flag_given("json");
  if (json && target == "-") throw UsageError("--json and predictions cannot both go to standard output: give -o FILE");
  check_paths({{"-o", target}}, options.inputs({"output"}));

  const bool uncertain = options.flag_given("sd") || options.given("interval");
  (void)options.fraction("interval", kUsualLevel);
  OutputFile output(target);
  const std::unique_ptr<Model> model = load_predicting_model(options.arguments()[0], options);
  if (uncertain) require_deviations(options.arguments()[0], *model);
  if (options.flag_given("probabilities")) require_probabilities(options.arguments()[0], *model);
  const bool clip = options.on_off("clip", model->clip);
  const ReadResult read = load_ratings({options.arguments().begin() + 1, options.arguments().end()}, options);
  const Triples pairs = reindex(read.list, *model);
  Columns columns{std::vector<double>(pairs.size())};
  model->predict(pairs, clip, columns.front());
  if (uncertain) add_uncertainty(*model, pairs, clip, options, columns);
  if (options.flag_given("probabilities")) add_probabilities(*model, pairs, columns);
  write_predictions(output, read.list, columns, separator_of(read));
  output.commit();

  const auto unknown_users = std::count(pairs.user.begin(), pairs.user.end(), kUnknown);
  const auto unknown_items = std::count(pairs.item.begin(), pairs.item.end(), kUnknown);
  if (json) {
    print_json({{"predictions", pairs.size()}, {"unknown_users", unknown_users}, {"unknown_items", unknown_items}});
  }
  if (!options.quiet()) {
    log(fmt::format("predicted {} pairs, {} of unknown users, {} of unknown items\n", pairs.size(), unknown_users,
                    unknown_items));
  }
  return kDone;
}

}  // namespace odot::cli
