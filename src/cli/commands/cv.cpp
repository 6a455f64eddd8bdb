// odot cv
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load.hpp"
#include "cli/options/train_options.hpp"
#include "cli/output/figure.hpp"
#include "cli/output/progress.hpp"
#include "cli/paths.hpp"
#include "odot/core/error.hpp"
#include "odot/search/cross_validation.hpp"

namespace odot::cli {
namespace {

constexpr long long kMostFolds = 1000;

Json figures(const std::vector<double>& values) {
  return {{"mean", mean(values)}, {"standard_deviation", standard_deviation(values)}, {"folds", values}};
}

}  // namespace

Options declare_cv() {
  Options options("odot cv RATINGS... [--folds K] [options]",
                  "Measures one configuration of odot train by cross-validation: the ratings are cut into K folds\n"
                  "at random, and each is predicted by a model that was trained on the others.");
  options.arguments("RATINGS...", 1, -1);
  options.group("Data and results");
  options.value("folds", "K", fmt::format("number of folds, 2 to {} (default 5)", kMostFolds));
  options.flag("json", "print the report as one JSON object");
  options.value("config", "FILE", "read options from here, a line NAME = VALUE for each; the command line wins");
  options.reading_group();
  declare_method_options(options);
  options.common_group();
  return options;
}

int run_cv(const Arguments& arguments) {
  Options options = declare_cv();
  if (!options.parse(arguments)) return kDone;
  const auto count = static_cast<std::size_t>(options.integer("folds", 5, 2, kMostFolds));
  const TrainSettings settings = method_settings(options);
  const std::uint64_t seed = *in_effect(settings).seed;
  check_paths({}, options.inputs({}));

  Dataset data = load_ratings(options.arguments(), options).list;
  if (!options.quiet()) log(note_equal_ratings(data));
  load_features(options, data);
  const InterruptGuard guard;
  std::unique_ptr<ProgressLine> progress_line;
  FoldHooks hooks;
  hooks.observe = [&](std::size_t, const Dataset& fold) -> TrainObserver {
    if (!options.quiet())
      progress_line = std::make_unique<ProgressLine>(stop_settings(in_effect(settings)), fold.size());
    return [&](const TrainProgress& progress) {
      if (progress_line) progress_line->show(progress);
      return !InterruptGuard::interrupted();
    };
  };
  hooks.finished = [&](std::size_t k, const Trial& trial) {
    progress_line.reset();
    if (options.quiet() || trial.status != "done") return;
    log(fmt::format("fold {} of {}: RMSE {}, MAE {}\n", k + 1, count, figure(trial.rmse.back()),
                    figure(trial.mae.back())));
  };
  const Trial trial = cross_validate(data, settings, count, hooks);
  const std::size_t folds = trial.rmse.size();
  if (trial.status == to_string(StopReason::interrupted)) {
    log(fmt::format("odot: interrupted in fold {} of {}\n", folds, count));
    return kInterrupted;
  }
  if (trial.status != "done") {
    throw Error(fmt::format("training diverged in fold {} of {}: try {}a smaller --step", folds, count,
                            data.user_features ? "" : "--line-search exact, or "),
                ErrorKind::numerical);
  }
  if (options.flag_given("json")) {
    print_json({{"rmse", figures(trial.rmse)},
                {"mae", figures(trial.mae)},
                {"best_iterations", trial.best_iterations.empty() ? Json(nullptr) : Json(trial.best_iterations)},
                {"ratings", data.size()},
                {"folds", count},
                {"seed", seed},
                {"train_seconds", trial.seconds}});
    return kDone;
  }
  std::cout << fmt::format("{:<15} {:>8} {:>8}\n", "fold", "RMSE", "MAE");
  const auto line = [](const std::string& name, double rmse, double mae) {
    std::cout << fmt::format("{:<15} {:>8} {:>8}\n", name, figure(rmse), figure(mae));
  };
  for (std::size_t k = 0; k < count; ++k) line(std::to_string(k + 1), trial.rmse[k], trial.mae[k]);
  line("mean", mean(trial.rmse), mean(trial.mae));
  line("deviation", standard_deviation(trial.rmse), standard_deviation(trial.mae));
  return kDone;
}

}  // namespace odot::cli
