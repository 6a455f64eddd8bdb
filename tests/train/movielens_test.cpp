// The accuracy that the defaults and the document's best model reach on MovieLens, where the machine has the files.
#include <doctest/doctest.h>

#include "odot/ratings/read.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

// A tenth of the file held out, or nothing where the file is not there.
std::optional<Data> load(const std::string& name) {
  const std::optional<std::string> path = movielens(name);
  if (!path) {
    MESSAGE("skipped: there is no ", name, "; ODOT_DATA may name a folder that has it");
    return std::nullopt;
  }
  return hold_out(read_ratings({*path}).list, 0.1, 1);
}

TEST_CASE("the defaults on ML-1M") {
  if (const auto data = load("ml-1m/ratings.dat")) CHECK(train_on(*data, {}).report.valid->rmse <= 0.860);
}

TEST_CASE("the defaults on ML-100K") {
  if (const auto data = load("ml-100k/u.data")) CHECK(train_on(*data, {}).report.valid->rmse <= 0.930);
}

TEST_CASE("gradient descent with the estimate of 1/L, rank 10 and lambda 2 on ML-1M") {
  if (const auto data = load("ml-1m/ratings.dat")) {
    double best = 100;
    const TrainReport report = train_on(*data, plain(10, 2, "gd", 500), [&](const TrainProgress& progress) {
                                 const bool look = progress.counts.iterations % 50 == 0;
                                 if (look) best = std::min(best, progress.valid_rmse().value());
                                 return best > 0.866;
                               }).report;
    CHECK(best <= 0.866);
    CHECK(report.settings.line_search == "lipschitz");
    CHECK(report.optimisation.counts.evaluations <= 2 * report.optimisation.counts.iterations + 1);
  }
}

TEST_CASE("L-BFGS, rank 10 and lambda 2 on ML-1M") {
  if (const auto data = load("ml-1m/ratings.dat")) {
    double best = 100;
    train_on(*data, plain(10, 2, "lbfgs", 200), [&](const TrainProgress& progress) {
      if (progress.counts.iterations % 10 == 0) best = std::min(best, progress.valid_rmse().value());
      return best > 0.862;
    });
    CHECK(best <= 0.862);
  }
}

}  // namespace
}  // namespace odot
