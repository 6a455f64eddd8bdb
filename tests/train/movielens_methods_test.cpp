// What row-by-row and non-negative training reach on MovieLens 1M, where the machine has the file.
#include <doctest/doctest.h>

#include "odot/ratings/read.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

std::optional<Data> load() {
  const std::optional<std::string> path = movielens("ml-1m/ratings.dat");
  if (!path) {
    MESSAGE("skipped: there is no ml-1m/ratings.dat; ODOT_DATA may name a folder that has it");
    return std::nullopt;
  }
  return hold_out(read_ratings({*path}).list, 0.1, 1);
}

TEST_CASE("blocks on ML-1M: within 1% of the objective of 100 iterations of lbfgs, by newton in fewer passes") {
  const std::optional<Data> data = load();
  if (!data) return;
  TrainSettings full{.method = "full"};
  full.optimizer = "lbfgs";
  limit(full, {.iterations = 100});
  const TrainReport lbfgs = train_on(*data, full).report;

  // The passes after which the objective is there, or −1.
  const auto passes = [&](const TrainSettings& settings) {
    long found = -1;
    train_on(*data, settings, [&](const TrainProgress& progress) {
      if (progress.objective <= 1.01 * lbfgs.optimisation.value) found = progress.passes;
      return found < 0;
    });
    return found;
  };
  TrainSettings blocks{.method = "blocks"};
  const long newton = passes(blocks);
  CHECK(newton > 0);
  CHECK(newton < lbfgs.passes);
  blocks.optimizer = "bfgs";
  blocks.line_search = "weak-wolfe";
  const long bfgs = passes(blocks);
  CHECK(bfgs > 0);
  CHECK(bfgs < lbfgs.passes);
}

TEST_CASE("nnmf on ML-1M") {
  const std::optional<Data> data = load();
  if (!data) return;
  TrainSettings settings{.method = "nnmf"};
  settings.rank = 10;
  const TrainReport report = train_on(*data, settings).report;
  CHECK(report.valid->rmse <= 0.90);
  REQUIRE(report.unobserved);
  CHECK(report.unobserved->entries == 6040UL * 3706 - data->train.ratings.size());
}

}  // namespace
}  // namespace odot
