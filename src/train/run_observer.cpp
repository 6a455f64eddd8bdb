#include "train/run_observer.hpp"

namespace odot {

bool RunObserver::operator()(TrainProgress progress, ConstSpan theta, const std::function<double()>& measure) {
  std::optional<double> rmse;
  progress.valid_rmse = [&]() -> std::optional<double> {
    if (!rmse && held_out_) rmse = measure();
    return rmse;
  };
  const int iteration = progress.counts.iterations;
  if (patience_ > 0) {
    if (*progress.valid_rmse() < best_.valid_rmse) {
      best_.iteration = iteration;
      best_.valid_rmse = *rmse;
      best_.objective = progress.objective;
      best_.gradient_norm = progress.gradient_norm;
      best_.theta.assign(theta.begin(), theta.end());
    }
    progress.best = BestSoFar{best_.iteration, best_.valid_rmse};
  }
  if (observer_ && !observer_(progress)) return false;
  stopped_early_ = patience_ > 0 && iteration - best_.iteration >= patience_;
  return !stopped_early_;
}

}  // namespace odot
