// odot predict
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/load_model.hpp"
#include "cli/options/options.hpp"
#include "cli/pair_stream.hpp"
#include "cli/paths.hpp"
#include "model/serve/scored.hpp"
#include "odot/core/output_file.hpp"
#include "odot/model/calibration.hpp"
#include "odot/model/model.hpp"
#include "odot/ratings/write.hpp"
#include "ratings/rating_lines.hpp"

namespace odot::cli {
namespace {

// Columns of numbers after the ids of each pair.
using Columns = std::vector<std::vector<double>>;

void write_predictions(OutputFile& file, const RatingList& pairs, const Columns& columns,
                       const std::string& separator) {
  RatingLines lines(file, pairs, separator);
  for (std::size_t k = 0; k < pairs.ratings.size(); ++k) {
    lines.add(k, [&](std::string& line) {
      for (const std::vector<double>& column : columns) {
        line += separator;
        append_number(line, static_cast<Real>(column[k]));
      }
    });
  }
  lines.end();
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

// Ids where files of pairs belong: two words that are no files.
void refuse_ids(const std::vector<std::string>& arguments) {
  const auto no_file = [](const std::string& word) {
    std::error_code error;
    return word != "-" && !std::filesystem::exists(word, error);
  };
  if (arguments.size() != 3 || !std::all_of(arguments.begin() + 1, arguments.end(), no_file)) return;
  throw UsageError(
      fmt::format("found neither a file {1} nor a file {2}, expected files of pairs: for one user and item, "
                  "`echo '{1},{2}' | odot predict {0} -`",
                  arguments[0], arguments[1], arguments[2]));
}

// What is asked of pairs, and how many there were.
class Predictor {
 public:
  Predictor(const Model& model, const Options& options)
      : model_(model), options_(options), clip_(options.on_off("clip", model.clip)) {}

  void answer(const RatingList& list, const std::string& separator, OutputFile& output) {
    const Triples known = reindex(list, model_);
    Columns columns{std::vector<double>(known.size())};
    model_.predict(known, clip_, columns.front());
    if (options_.flag_given("sd") || options_.given("interval")) {
      add_uncertainty(model_, known, clip_, options_, columns);
    }
    if (options_.flag_given("probabilities")) add_probabilities(model_, known, columns);
    for (const std::vector<double>& column : columns) {
      if (!std::ranges::all_of(column, [](double value) { return std::isfinite(static_cast<Real>(value)); }))
        too_large();
    }
    write_predictions(output, list, columns, separator);
    pairs += known.size();
    unknown_users += std::ranges::count(known.user, kUnknown);
    unknown_items += std::ranges::count(known.item, kUnknown);
  }

  std::size_t pairs = 0;
  std::ptrdiff_t unknown_users = 0;
  std::ptrdiff_t unknown_items = 0;

 private:
  const Model& model_;
  const Options& options_;
  bool clip_;
};

// Answers lines as they come.
void filter(const Options& options, const Model& model, Predictor& predictor, OutputFile& output) {
  PairStream stream(read_settings(options, &model));
  while (const std::optional<RatingList> some = stream.next()) {
    predictor.answer(*some, separator_of({.list = {}, .sources = {stream.source()}}), output);
    output.flush();
  }
  if (!options.quiet()) log(describe(stream.source(), true) + "\n");
}

}  // namespace

Options declare_predict() {
  Options options(
      "odot predict MODEL PAIRS... [-o FILE] [options]",
      "Predicts the rating of every (user, item) pair, in order: lines of user, item and prediction with the\n"
      "separator of PAIRS. Unknown users and items are predicted from what is known (the mean, the other side's\n"
      "bias; by a neural network, as an average user or item) and counted. With - for PAIRS, the lines of a pipe\n"
      "are answered as they come, unless there is -o FILE.");
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

  refuse_ids(options.arguments());
  const bool uncertain = options.flag_given("sd") || options.given("interval");
  (void)options.fraction("interval", kUsualLevel);
  OutputFile output(target);
  const std::unique_ptr<Model> model = load_predicting_model(options.arguments()[0], options);
  if (uncertain) require_deviations(options.arguments()[0], *model);
  if (options.flag_given("probabilities")) require_probabilities(options.arguments()[0], *model);
  const Arguments files(options.arguments().begin() + 1, options.arguments().end());
  Predictor predictor(*model, options);
  if (target == "-" && files == Arguments{"-"} && PairStream::is_standard_input()) {
    filter(options, *model, predictor, output);
  } else {
    const ReadResult read = load_ratings(files, options, model.get());
    predictor.answer(read.list, separator_of(read), output);
  }
  output.commit();

  if (json) {
    print_json({{"predictions", predictor.pairs},
                {"unknown_users", predictor.unknown_users},
                {"unknown_items", predictor.unknown_items}});
  }
  if (!options.quiet()) {
    log(fmt::format("predicted {} pairs, {} of unknown users, {} of unknown items\n", predictor.pairs,
                    predictor.unknown_users, predictor.unknown_items));
  }
  return kDone;
}

}  // namespace odot::cli
