#include "odot/train/train.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "objective/factorization_objective.hpp"
#include "odot/core/error.hpp"
#include "train/initial_factors.hpp"

namespace odot {
namespace {

constexpr int kHighestRank = 1024;

// The optimizer and the line search of some settings, each with its own share of the parameters.
struct Methods {
  const Method& optimizer;
  const Method& line_search;
  ParameterValues of_optimizer;
  ParameterValues of_line_search;
};

bool has(const Method& method, std::string_view parameter) {
  return std::any_of(method.parameters.begin(), method.parameters.end(),
                     [&](const auto& own) { return own.first == parameter; });
}

Methods choose_methods(const TrainSettings& settings) {
  const Method& optimizer = find_optimizer(settings.optimizer);
  const Method& line_search = find_line_search(settings.line_search.value_or(std::string(optimizer.default_partner)));
  Methods methods{optimizer, line_search, {}, {}};
  for (const auto& [name, value] : settings.parameters) {
    find_parameter(name);
    if (has(optimizer, name)) {
      methods.of_optimizer[name] = value;
    } else if (has(line_search, name)) {
      methods.of_line_search[name] = value;
    } else {
      std::vector<std::string_view> users;
      for (const auto* all : {&optimizers(), &line_searches()}) {
        for (const Method& method : *all) {
          if (has(method, name)) users.push_back(method.name);
        }
      }
      throw Error(fmt::format("{} is used neither by the optimizer {} nor by the line search {}, but by {}", name,
                              optimizer.name, line_search.name, fmt::join(users, ", ")));
    }
  }
  return methods;
}

// All that decides the result, in words, for the model file.
std::map<std::string, std::string> describe(const TrainSettings& settings, const Methods& methods, double lambda) {
  std::map<std::string, std::string> out;
  out["rank"] = fmt::format("{}", settings.rank);
  out["lambda"] = fmt::format("{}", lambda);
  out["lambda-scaling"] = to_string(settings.lambda_scaling);
  out["center"] = settings.center ? "true" : "false";
  out["biases"] = settings.biases ? "true" : "false";
  out["clip"] = settings.clip ? "true" : "false";
  out["optimizer"] = methods.optimizer.name;
  out["line-search"] = methods.line_search.name;
  out["iterations"] = fmt::format("{}", settings.stop.iterations);
  out["tolerance"] = fmt::format("{}", settings.stop.tolerance);
  out["gradient-tolerance"] = fmt::format("{}", settings.stop.gradient_tolerance);
  if (settings.stop.seconds > 0) out["time-limit"] = fmt::format("{}", settings.stop.seconds);
  out["seed"] = fmt::format("{}", settings.seed);
  const auto add = [&](const Method& method, const ParameterValues& values) {
    for (const auto& [name, standard] : method.parameters) {
      const auto given = values.find(name);
      out[std::string(name)] = fmt::format("{}", given == values.end() ? standard : given->second);
    }
  };
  add(methods.optimizer, methods.of_optimizer);
  add(methods.line_search, methods.of_line_search);
  return out;
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

double root_mean(double sum, std::size_t count) { return std::sqrt(sum / static_cast<double>(count)); }

}  // namespace

std::string_view to_string(LambdaScaling scaling) { return scaling == LambdaScaling::count ? "count" : "uniform"; }

double default_lambda(LambdaScaling scaling, int rank) {
  return scaling == LambdaScaling::count ? 0.075 : 3 * std::sqrt(rank);
}

void check(const TrainSettings& settings) {
  if (settings.rank < 1 || settings.rank > kHighestRank) {
    throw Error(fmt::format("rank is {}, but must be from 1 to {}", settings.rank, kHighestRank));
  }
  const auto not_negative = [](double value, const char* name) {
    if (!(value >= 0) || std::isinf(value)) throw Error(fmt::format("{} is {}, but must be ≥ 0", name, value));
  };
  not_negative(settings.lambda.value_or(0), "lambda");
  not_negative(settings.stop.iterations, "iterations");
  not_negative(settings.stop.tolerance, "tolerance");
  not_negative(settings.stop.gradient_tolerance, "gradient-tolerance");
  not_negative(settings.stop.seconds, "time-limit");
  const Methods methods = choose_methods(settings);
  make_direction(methods.optimizer.name, methods.of_optimizer);
  make_step_rule(methods.line_search.name, methods.of_line_search);
}

TrainResult train(RatingList ratings, const Triples& valid, const TrainSettings& settings,
                  const TrainObserver& observer) {
  check(settings);
  const Methods methods = choose_methods(settings);
  const std::size_t count = ratings.ratings.size();
  if (count == 0) throw Error("there are no ratings to train on");

  TrainResult result;
  Factorization& model = result.model;
  TrainReport& report = result.report;
  const ValueSummary values = summarize(ratings.ratings.value);
  // Ratings that are all equal have no scale of their own.
  const double scale = values.deviation > 0 ? values.deviation : std::max(std::abs(values.mean), 1.0);
  report.lambda = settings.lambda.value_or(default_lambda(settings.lambda_scaling, settings.rank) * scale);
  report.line_search = methods.line_search.name;
  model.layout = {ratings.users.size(), ratings.items.size(), settings.rank, settings.biases};
  // With partners pinned at √scale instead of 1, biases grow with the ratings as the factors do, and one λ serves both.
  model.pin = std::sqrt(scale);
  model.mean = settings.center ? values.mean : 0;
  model.lowest = values.lowest;
  model.highest = values.highest;
  model.unknown_mean = values.mean;
  model.settings = describe(settings, methods, report.lambda);

  const RatingMatrix matrix(model.layout.users, model.layout.items, ratings.ratings, model.mean);
  FactorizationObjective objective(matrix, model.layout, report.lambda,
                                   settings.lambda_scaling == LambdaScaling::count);
  const auto direction = make_direction(methods.optimizer.name, methods.of_optimizer);
  const auto rule = make_step_rule(methods.line_search.name, methods.of_line_search);
  model.theta = initial_factors(model.layout, model.pin, values.mean - model.mean, scale, settings.seed);

  Observer inner;
  if (observer) {
    inner = [&](const Progress& progress) {
      const auto valid_rmse = [&]() -> std::optional<double> {
        if (valid.size() == 0) return std::nullopt;
        return evaluate(FactorView{model, model.layout, progress.current.x}, valid, settings.clip).rmse;
      };
      return observer({progress, root_mean(objective.squared_error(), count), objective.passes(), valid_rmse});
    };
  }
  report.optimisation = minimize(objective, *direction, *rule, settings.stop, model.theta, inner);
  report.passes = objective.passes();
  absorb_pin(model);
  set_fallbacks(model, matrix, settings.center);

  const auto begin = std::chrono::steady_clock::now();
  report.train = evaluate(model.view(), ratings.ratings, settings.clip);
  if (valid.size() > 0) report.valid = evaluate(model.view(), valid, settings.clip);
  report.evaluate_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  model.users = std::move(ratings.users);
  model.items = std::move(ratings.items);
  return result;
}

}  // namespace odot
