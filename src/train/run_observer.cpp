// What every method does after an iteration: measure, keep the best, tell the observer, save.
#include "odot/train/run_observer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "train/checkpoint_file.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// In a checkpoint, which has no NaN, what stands for a norm or an objective that there is none of.
constexpr double kNoNorm = -1;
constexpr double kNoObjective = std::numeric_limits<double>::max();

void visit_if_known(StateVisitor& visitor, std::string_view name, double& value, double none) {
  double kept = std::isnan(value) ? none : value;
  visitor.number(name, kept);
  value = kept == none ? std::numeric_limits<double>::quiet_NaN() : kept;
}

}  // namespace

RunObserver::RunObserver(int early_stop, bool held_out, const TrainObserver& observer, int warm_up)
    : patience_(held_out ? early_stop : 0), warm_up_(warm_up), held_out_(held_out), observer_(observer) {}

RunObserver::~RunObserver() = default;

std::unique_ptr<StateVisitor> RunObserver::start(const CheckpointSettings& checkpoints, const RunIdentity& identity,
                                                 std::size_t size) {
  if (checkpoints.writes()) writer_ = std::make_unique<CheckpointWriter>(checkpoints, identity);
  if (checkpoints.resume.empty()) return nullptr;
  auto reader = std::make_unique<CheckpointReader>(checkpoints.resume, identity);
  visit(*reader, size);
  return reader;
}

bool RunObserver::operator()(TrainProgress progress, ConstSpan theta, const std::function<double()>& measure,
                             const RunPoint& point) {
  const int iteration = progress.counts.iterations;
  const auto is_stale = [&] { return patience_ > 0 && iteration - std::max(best_.iteration, warm_up_) >= patience_; };
  if (point.resumed) {
    stopped_early_ = is_stale();
    return !stopped_early_;
  }
  std::optional<double> rmse;
  progress.valid_rmse = [&]() -> std::optional<double> {
    if (!rmse && held_out_) rmse = measure();
    return rmse;
  };
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
  bool go_on = !observer_ || observer_(progress);
  if (go_on) {
    stopped_early_ = is_stale();
    go_on = !stopped_early_;
  }
  if (writer_ && writer_->due(iteration, point.last || !go_on)) save(point.visit);
  return go_on;
}

void RunObserver::save(const VisitState& visit_method) {
  if (!writer_) return;
  writer_->save([&](StateVisitor& visitor) {
    visit_method(visitor);
    visit(visitor, best_.theta.size());
  });
}

void RunObserver::visit(StateVisitor& visitor, std::size_t size) {
  visitor.in("best", [&] {
    bool kept = !best_.theta.empty();
    visitor.integer("kept", kept);
    if (!kept) return;
    best_.theta.resize(size);
    visitor.integer("iteration", best_.iteration);
    visitor.number("valid_rmse", best_.valid_rmse);
    visit_if_known(visitor, "objective", best_.objective, kNoObjective);
    visit_if_known(visitor, "gradient_norm", best_.gradient_norm, kNoNorm);
    visitor.array("theta", best_.theta);
  });
}

}  // namespace odot::inline ODOT_PRECISION
