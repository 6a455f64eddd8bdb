// odot evaluate
#include "odot/model/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/load_model.hpp"
#include "cli/options/options.hpp"
#include "cli/output/figure.hpp"
#include "cli/paths.hpp"
#include "model/serve/scored.hpp"
#include "odot/model/calibration.hpp"
#include "odot/model/ranking.hpp"
#include "odot/ratings/odr.hpp"

namespace odot::cli {
namespace {

constexpr Offset kAtOnce = Offset{1} << 24;  // ratings

// The index of each id in a model, or kUnknown.
struct Translation {
  std::vector<Index> users;
  std::vector<Index> items;
};

Translation translate(const Dataset& data, const Model& model) {
  const auto own_numbers = [](Index count) {
    std::vector<Index> numbers(count);
    std::iota(numbers.begin(), numbers.end(), Index{0});
    return numbers;
  };
  // A list that has each user and each item once.
  const Index most = std::max(data.users.size(), data.items.size());
  RatingList list{data.users, data.items, {own_numbers(most), own_numbers(most), {}}};
  for (Index& user : list.ratings.user) user = std::min(user, data.users.size() - 1);
  for (Index& item : list.ratings.item) item = std::min(item, data.items.size() - 1);
  Triples found = reindex(list, model);
  found.user.resize(data.users.size());
  found.item.resize(data.items.size());
  return {std::move(found.user), std::move(found.item)};
}

// Some of the file at a time, so that it need not fit into memory.
Evaluation evaluate_odr(const Model& model, const Dataset& data, bool clip, CalibrationSums* calibration) {
  Evaluation total;
  const RatingMatrix& ratings = *data.matrix;
  if (ratings.size() == 0) return total;
  const auto [users, items] = translate(data, model);
  double squares = 0;
  double absolutes = 0;
  for (Offset begin = 0; begin < ratings.size(); begin += kAtOnce) {
    const Offset end = std::min(begin + kAtOnce, ratings.size());
    const Triples triples = read_triples(ratings, begin, end, users, items);
    const Evaluation part = model.evaluate(triples, clip);
    if (calibration) calibration->add(model, triples);
    squares += part.rmse * part.rmse * static_cast<double>(part.ratings);
    absolutes += part.mae * static_cast<double>(part.ratings);
    total.ratings += part.ratings;
    total.unknown_users += part.unknown_users;
    total.unknown_items += part.unknown_items;
  }
  total.rmse = std::sqrt(squares / static_cast<double>(total.ratings));
  total.mae = absolutes / static_cast<double>(total.ratings);
  return total;
}

Evaluation evaluate_data(const Model& model, Dataset data, bool clip, CalibrationSums* calibration) {
  if (data.matrix) return evaluate_odr(model, data, clip, calibration);
  const RatingList list{std::move(data.users), std::move(data.items), std::move(data.list)};
  const Triples triples = reindex(list, model);
  if (calibration) calibration->add(model, triples);
  return model.evaluate(triples, clip);
}

void print_text(const Calibration& calibration) {
  const auto line = [](const std::string& name, double value) {
    std::cout << fmt::format("{:<15} {}\n", name, figure(value));
  };
  line(fmt::format("coverage {:g}%", 100 * calibration.level), calibration.coverage);
  line("neg. log lik.", calibration.negative_log_likelihood);
  line("CRPS", calibration.crps);
  std::cout << fmt::format("{:<15} {:>8}  {:>8}  {:>8}\n", "by deviation", "expected", "RMSE", "ratings");
  for (const DeviationGroup& group : calibration.deciles) {
    std::cout << fmt::format("{:<15} {:>8}  {:>8}  {:>8}\n", "", figure(group.deviation), figure(group.rmse),
                             group.ratings);
  }
}

Json to_json(const Calibration& calibration) {
  Json deciles = Json::array();
  for (const DeviationGroup& group : calibration.deciles) {
    deciles.push_back({{"deviation", group.deviation}, {"rmse", group.rmse}, {"ratings", group.ratings}});
  }
  return {{"interval", calibration.level},
          {"coverage", calibration.coverage},
          {"negative_log_likelihood", calibration.negative_log_likelihood},
          {"crps", calibration.crps},
          {"deciles", std::move(deciles)}};
}

// What --top measures.
struct Ranked {
  std::vector<std::size_t> tops;
  std::optional<double> least;  // relevant rating
  Evaluation errors;
  std::vector<RankingQuality> quality;  // for each of the tops
  struct Others {
    Evaluation mean;
    Evaluation bias;
    std::vector<RankingQuality> popularity;
  };
  std::optional<Others> others;  // where training ratings are known

  double rating_coverage() const {
    const std::size_t count = errors.ratings;
    return count == 0 ? 0 : static_cast<double>(known) / static_cast<double>(count);
  }
  std::size_t known = 0;  // held-out ratings of users and items that are
};

// The numbers that --top gives.
std::vector<std::size_t> tops_of(const Options& options) {
  std::vector<std::size_t> tops;
  for (const long long top : options.integers("top", 1, std::numeric_limits<Index>::max())) {
    tops.push_back(static_cast<std::size_t>(top));
  }
  return tops;
}

Ranked rank(const Factorization& model, const std::vector<std::string>& files, bool clip, const Options& options,
            CalibrationSums* calibration) {
  Ranked result;
  result.tops = tops_of(options);
  constexpr double kAny = std::numeric_limits<double>::infinity();
  if (options.given("relevant")) result.least = options.number("relevant", 0, -kAny, kAny);
  const Triples held = reindex(load_ratings(files, options).list, model.users, model.items);
  result.errors = evaluate(model.view(), held, clip);
  if (calibration) calibration->add(model, held);
  Triples liked;
  for (std::size_t k = 0; k < held.size(); ++k) {
    result.known += held.user[k] != kUnknown && held.item[k] != kUnknown;
    if (result.least && static_cast<double>(held.value[k]) < *result.least) continue;
    liked.user.push_back(held.user[k]);
    liked.item.push_back(held.item[k]);
  }
  const ItemLists relevant(model.users.size(), liked);
  const auto quality_of = [&](const FactorView& view, const ItemLists* seen) {
    std::vector<RankingQuality> all;
    for (const std::size_t top : result.tops) all.push_back(evaluate_ranking(view, relevant, seen, top));
    return all;
  };
  if (!options.given("exclude")) {
    if (!options.quiet()) log("without --exclude TRAIN, what users rated in training is ranked too\n");
    result.quality = quality_of(model.view(), nullptr);
    return result;
  }
  const Triples train = reindex(load_ratings(options.texts("exclude"), options, &model).list, model.users, model.items);
  const ItemLists seen(model.users.size(), train);
  result.quality = quality_of(model.view(), &seen);
  const Baselines baselines = make_baselines(model.users.size(), model.items.size(), train);
  result.others = {evaluate(baselines.mean.view(), held, clip), evaluate(baselines.bias.view(), held, clip),
                   quality_of(baselines.popularity.view(), &seen)};
  return result;
}

struct Measure {
  const char* key;
  const char* name;
  bool of_list;  // depends on how long the lists are
  double RankingQuality::*value;
};

constexpr Measure kMeasures[] = {{"hit_rate", "hit rate", true, &RankingQuality::hit_rate},
                                 {"precision", "precision", true, &RankingQuality::precision},
                                 {"recall", "recall", true, &RankingQuality::recall},
                                 {"ndcg", "NDCG", true, &RankingQuality::ndcg},
                                 {"map", "MAP", true, &RankingQuality::map},
                                 {"auc", "AUC", false, &RankingQuality::auc},
                                 {"item_coverage", "item coverage", true, &RankingQuality::coverage}};

void print_text(const Ranked& result) {
  const auto line = [&](const std::string& name, const std::vector<std::optional<double>>& values) {
    std::string text = fmt::format("{:<20}", name);
    for (std::size_t k = 0; k < (result.others ? values.size() : 1); ++k) {
      text += fmt::format(" {:>10}", values[k] && std::isfinite(*values[k]) ? figure(*values[k]) : "-");
    }
    std::cout << text << "\n";
  };
  const Ranked::Others others = result.others.value_or(Ranked::Others());
  if (result.others) {
    std::cout << fmt::format("{:<20} {:>10} {:>10} {:>10} {:>10}\n", "", "model", "mean", "bias", "popularity");
  }
  line("RMSE", {result.errors.rmse, others.mean.rmse, others.bias.rmse, {}});
  line("MAE", {result.errors.mae, others.mean.mae, others.bias.mae, {}});
  const RankingQuality& first = result.quality.front();
  if (first.users == 0) {
    std::cout << "ranking              no known user has a relevant item to find\n";
  } else {
    for (const Measure& one : kMeasures) {
      for (std::size_t k = 0; k < (one.of_list ? result.tops.size() : 1); ++k) {
        const double popularity = result.others ? others.popularity[k].*one.value : 0;
        line(one.of_list ? fmt::format("{} at {}", one.name, result.tops[k]) : one.name,
             {result.quality[k].*one.value, {}, {}, popularity});
      }
    }
  }
  line("rating coverage", {result.rating_coverage(), {}, {}, {}});
  const auto count = [](const char* name, std::size_t value) {
    std::cout << fmt::format("{:<20} {:>10}\n", name, value);
  };
  count("ratings", result.errors.ratings);
  count("unknown users", result.errors.unknown_users);
  count("unknown items", result.errors.unknown_items);
  count("users ranked for", first.users);
  std::cout << fmt::format("{:<20} {:>10} ({})\n", "relevant items", first.relevant,
                           result.least ? fmt::format("rated {} or more", *result.least) : "all that are held out");
}

Json errors_json(const Evaluation& errors) { return {{"rmse", errors.rmse}, {"mae", errors.mae}}; }

// A number, or as many as there are tops of what depends on them.
Json quality_json(const std::vector<RankingQuality>& quality) {
  Json json = Json::object();
  for (const Measure& one : kMeasures) {
    Json values = Json::array();
    for (const RankingQuality& each : quality) {
      values.push_back(each.users > 0 ? number_or_null(each.*one.value) : Json(nullptr));
    }
    json[one.key] = one.of_list && quality.size() > 1 ? values : values[0];
  }
  return json;
}

void add_json(const Ranked& result, Json& json) {
  json["top"] = result.tops.size() > 1 ? Json(result.tops) : Json(result.tops[0]);
  json["relevant_from"] = result.least ? Json(*result.least) : Json(nullptr);
  json["ranked_users"] = result.quality[0].users;
  json["relevant_items"] = result.quality[0].relevant;
  json.update(quality_json(result.quality));
  json["rating_coverage"] = result.rating_coverage();
  json["baselines"] = nullptr;
  if (!result.others) return;
  json["baselines"] = {{"mean", errors_json(result.others->mean)},
                       {"bias", errors_json(result.others->bias)},
                       {"popularity", quality_json(result.others->popularity)}};
}

Json to_json(const Evaluation& result) {
  return {{"rmse", result.rmse},
          {"mae", result.mae},
          {"ratings", result.ratings},
          {"unknown_users", result.unknown_users},
          {"unknown_items", result.unknown_items}};
}

// Nothing for models that do not know their deviations, unless --interval asks for them: an Error then.
std::optional<CalibrationSums> calibration_of(const Model& model, const Options& options) {
  if (options.given("interval")) require_deviations(options.arguments()[0], model);
  if (!model.knows_deviations()) return std::nullopt;
  return CalibrationSums(options.fraction("interval", kUsualLevel));
}

void check_finite(const Evaluation& errors) {
  if (errors.ratings > 0 && !std::isfinite(errors.rmse)) too_large();
}

// Where a list of best-sellers is better.
void tell_popularity(const Ranked& result) {
  const double own = result.quality.front().ndcg;
  const double popularity = result.others->popularity.front().ndcg;
  if (result.quality.front().users == 0 || !(popularity > own)) return;
  log(fmt::format(
      "best-sellers make better lists (NDCG at {} {} against {}): a model of ratings knows how items are rated, "
      "not which are; odot train --unobserved-weight A takes into account what is not\n",
      result.tops.front(), figure(popularity), figure(own)));
}

int evaluate_ranked(const std::vector<std::string>& files, const Options& options) {
  const Factorization model = load_factors(options.arguments()[0], FactorUse::rank);
  std::optional<CalibrationSums> sums = calibration_of(model, options);
  const Ranked result = rank(model, files, options.on_off("clip", model.clip), options, sums ? &*sums : nullptr);
  check_finite(result.errors);
  if (result.others && !options.quiet()) tell_popularity(result);
  if (!options.flag_given("json")) {
    print_text(result);
    if (sums && options.given("interval")) print_text(sums->result());  // who looks at lists asks for it
    return kDone;
  }
  Json json = to_json(result.errors);
  if (sums) json.update(to_json(sums->result()));
  add_json(result, json);
  print_json(json);
  return kDone;
}

void check(const Options& options) {
  check_paths({}, options.inputs({}));
  if (!options.given("top")) {
    for (const char* name : {"relevant", "exclude"}) {
      if (options.given(name)) throw UsageError(fmt::format("--{} is of no use without --top N", name));
    }
    return;
  }
  (void)tops_of(options);
  if (options.given("memory-limit"))
    throw UsageError("--memory-limit is of no use with --top, which needs all ratings");
  if (!feature_paths(options).empty()) {
    throw UsageError("--users and --items are for neural networks, whose items --top cannot rank");
  }
}

}  // namespace

Options declare_evaluate() {
  Options options(
      "odot evaluate MODEL RATINGS... [options]",
      "Measures how well MODEL predicts the ratings. Unknown users and items are predicted from what is known\n"
      "(the mean, the other side's bias; by a neural network, as an average user or item) and counted. With --top,\n"
      "also how well a factorisation ranks what is held out.");
  options.arguments("MODEL RATINGS...", 2, -1);
  options.group("Results");
  options.flag("json", "print the result as one JSON object");
  options.toggle("clip", "keep predictions in the range of the training ratings (default: as the model was trained)");
  memory_option(options, "for the ratings of an .odr file (without --top, which needs them all)");
  options.value(
      "interval", "P",
      "of models that know their deviations (methods variational and gibbs): the share of the ratings that "
      "should be in their intervals, whose coverage is measured, above 0 and below 1 (default 0.9; with --top only "
      "where it is given, but for --json)");
  options.group("Ranking");
  options.value("top,n", "N",
                "rank items for every user and measure the first N: hit rate, precision, recall, NDCG, MAP, also AUC "
                "and coverage; or several N with commas between, e.g. 5,10");
  options.values("exclude,x", "RATINGS",
                 "the training ratings: what users rated there is not ranked, and the mean, biases and popularity of "
                 "these ratings are measured beside the model; may be given several times");
  options.value("relevant", "X", "held-out items rated X or more are relevant (default: all of them)");
  feature_group(options);
  options.reading_group();
  options.common_group();
  return options;
}

int run_evaluate(const Arguments& arguments) {
  Options options = declare_evaluate();
  if (!options.parse(arguments)) return kDone;
  check(options);
  if (options.given("memory-limit")) (void)memory_budget(options);
  (void)options.fraction("interval", kUsualLevel);
  const std::vector<std::string> files(options.arguments().begin() + 1, options.arguments().end());
  if (options.given("top")) return evaluate_ranked(files, options);

  const std::unique_ptr<Model> model = load_predicting_model(options.arguments()[0], options);
  const bool clip = options.on_off("clip", model->clip);
  std::optional<CalibrationSums> sums = calibration_of(*model, options);
  const Evaluation result = evaluate_data(*model, load_dataset(files, options), clip, sums ? &*sums : nullptr);
  check_finite(result);
  if (options.flag_given("json")) {
    Json json = to_json(result);
    if (sums) json.update(to_json(sums->result()));
    print_json(json);
  } else {
    std::cout << fmt::format("{:<15} {}\n{:<15} {}\n{:<15} {}\n", "RMSE", figure(result.rmse), "MAE",
                             figure(result.mae), "ratings", result.ratings);
    std::cout << fmt::format("{:<15} {}\n{:<15} {}\n", "unknown users", result.unknown_users, "unknown items",
                             result.unknown_items);
    if (sums) print_text(sums->result());
  }
  return kDone;
}

}  // namespace odot::cli
