// All factors at once, by an optimizer.
#include "objective/factorization_objective.hpp"
#include "train/factor_training.hpp"
#include "train/methods/methods.hpp"
#include "train/optimizer_choice.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

TrainOutcome run_full(const TrainTask& task, Vector& theta) {
  FactorizationObjective objective(task.ratings, task.layout, task.regularisation.lambda,
                                   task.regularisation.per_rating, task.unobserved);
  const OptimizerChoice choice = choose_optimizer(task.settings);
  Observer observer;
  if (task.observe) {
    observer = [&](const Progress& progress) {
      const VisitState visit = [&](StateVisitor& visitor) {
        objective.visit(visitor);
        progress.visit(visitor);
      };
      return task.observe({progress.counts, progress.current.value, progress.gradient_norm, progress.step,
                           objective.squared_error(), objective.passes(), progress.seconds, progress.current.x,
                           progress.last, progress.resumed, visit});
    };
  }
  if (task.resume) objective.visit(*task.resume);
  const auto direction = choice.direction();
  const auto rule = choice.rule();
  const Summary summary =
      minimize(objective, *direction, *rule, stop_settings(task.settings), theta, observer, task.resume);
  return {summary, objective.passes()};
}

}  // namespace

Method full_method() {
  Method method{.name = "full", .help = "all factors at once", .unit = "iterations", .takes_steps = true};
  method.options = {"center", "biases", "optimizer", "line-search", "gradient-tolerance"};
  method.default_regularisation = usual_regularisation;
  return factor_method(std::move(method), {run_full});
}

}  // namespace odot::inline ODOT_PRECISION
