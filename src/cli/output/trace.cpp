// The trace of a training run: writing its lines, and going on in one that is there.
#include "cli/output/trace.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "cli/command.hpp"
#include "cli/output/file_lock.hpp"
#include "cli/output/texts.hpp"
#include "core/json.hpp"
#include "odot/core/error.hpp"

namespace odot::cli {
namespace fs = std::filesystem;

Trace::Trace(const std::string& path, bool resumes) : path_(path), resumes_(resumes) {
  if (fs::is_directory(path)) throw Error(fmt::format("cannot write {}: it is a directory", path));
  if (::access(path.c_str(), W_OK) == 0) {
    claim_file();
    return;
  }
  // A file that is not there yet can be made where its folder can be written.
  const fs::path folder = fs::path(path).parent_path();
  if (errno == ENOENT && ::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0) return;
  throw Error(fmt::format("cannot write {}: {}{}", path, std::strerror(errno),
                          errno == ENOENT ? " (does the folder exist?)" : ""));
}

Trace::~Trace() {
  if (lock_ >= 0) ::close(lock_);
}

// Pipes and devices may be several runs'.
void Trace::claim_file() {
  if (lock_ >= 0 || !fs::is_regular_file(path_)) return;
  lock_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  if (lock_ >= 0 && claim(lock_)) return;
  if (lock_ < 0) throw Error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  ::close(std::exchange(lock_, -1));
  throw Error(fmt::format(
      "{}: found another run at work that writes this trace: wait for its end, or give another --trace", path_));
}

// A run that was killed may have traced iterations after its last checkpoint, and half of a line.
void Trace::open(int iteration) {
  if (!fs::exists(path_)) std::ofstream(path_, std::ios::app);
  claim_file();
  std::streamoff kept = 0;
  if (resumes_) {
    std::ifstream before(path_, std::ios::binary);
    for (std::string line; std::getline(before, line) && !before.eof(); kept = before.tellg()) {
      const Json parsed = parse_json<Json>(line);
      const auto found = parsed.is_object() ? parsed.find("iteration") : parsed.end();
      if (found == parsed.end() || !found->is_number_integer() || *found >= iteration) break;
    }
  }
  if (kept == 0) {
    file_.open(path_);
    return;
  }
  std::error_code error;
  fs::resize_file(path_, static_cast<std::uintmax_t>(kept), error);
  if (error) throw Error(fmt::format("cannot write {}: {}", path_, error.message()));
  file_.open(path_, std::ios::app);
}

void Trace::write(const TrainProgress& progress) {
  if (!file_.is_open()) open(progress.counts.iterations);
  const std::optional<double> valid = progress.valid_rmse();
  const Json line{{"iteration", progress.counts.iterations},
                  {"objective", number_or_null(progress.objective)},
                  {"train_rmse", number_or_null(progress.train_rmse)},
                  {"valid_rmse", valid ? number_or_null(*valid) : Json(nullptr)},
                  {"best_iteration", progress.best ? Json(progress.best->iteration) : Json(nullptr)},
                  {"best_valid_rmse", progress.best ? number_or_null(progress.best->valid_rmse) : Json(nullptr)},
                  {"gradient_norm", number_or_null(progress.gradient_norm)},
                  {"step", number_or_null(progress.step.step)},
                  {"trials", progress.step.trials},
                  {"evaluations", progress.counts.evaluations},
                  {"passes", progress.passes},
                  {"restarts", progress.counts.restarts},
                  {"seconds", progress.seconds}};
  file_ << json_text(line) << std::endl;
  if (!file_) throw Error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

}  // namespace odot::cli
