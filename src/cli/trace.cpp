#include "cli/trace.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "cli/command.hpp"
#include "odot/core/error.hpp"

namespace odot::cli {

Trace::Trace(const std::string& path) : path_(path), file_(path) {
  if (!file_) throw Error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

void Trace::write(const TrainProgress& progress) {
  const Progress& state = progress.optimisation;
  const std::optional<double> valid = progress.valid_rmse();
  const Json line{{"iteration", state.counts.iterations},
                  {"objective", number_or_null(state.current.value)},
                  {"train_rmse", number_or_null(progress.train_rmse)},
                  {"valid_rmse", valid ? number_or_null(*valid) : Json(nullptr)},
                  {"gradient_norm", number_or_null(state.gradient_norm)},
                  {"step", state.step.step},
                  {"trials", state.step.trials},
                  {"evaluations", state.counts.evaluations},
                  {"passes", progress.passes},
                  {"restarts", state.counts.restarts},
                  {"seconds", state.seconds}};
  file_ << line.dump() << std::endl;
  if (!file_) throw Error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

}  // namespace odot::cli
