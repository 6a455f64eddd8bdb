// What a sweep allocates does not depend on how many rows it solves.
#include <doctest/doctest.h>

#include "odot/core/parallel.hpp"
#include "support/allocations.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

// Allocations from the end of the first sweep to the end of the third.
long count(const TrainSettings& settings, Index users) {
  const Data data{synthesize({.users = users, .items = 200, .ratings = users * 50UL, .seed = 3}).list, {}};
  long begin = 0;
  long end = 0;
  train_on(data, settings, [&](const TrainProgress& progress) {
    if (progress.counts.iterations == 1) begin = allocations;
    if (progress.counts.iterations == 3) end = allocations;
    return true;
  });
  return end - begin;
}

TEST_CASE("no allocation for a row") {
  if (!kCountsAllocations) {
    MESSAGE("skipped: allocations cannot be counted in this build");
    return;
  }
  // With several threads, one of them may not see its first row before the third sweep.
  set_threads(1);
  std::vector<TrainSettings> all{{.method = "blocks"}, {.method = "nnmf"}};
  for (const Algorithm& optimizer : optimizers()) {
    for (const Algorithm& search : line_searches()) {
      all.push_back(all[0]);
      all.back().optimizer = optimizer.name;
      all.back().line_search = search.name;
      if (make_step_rule(search.name)->fixed_steps()) all.back().parameters = {{"step", 1e-4}};
    }
  }
  for (TrainSettings settings : all) {
    CAPTURE(settings.optimizer);
    CAPTURE(settings.line_search.value_or(""));
    settings.rank = 4;
    settings.unobserved = false;
    limit(settings, {.iterations = 3});
    const long few = count(settings, 40);
    CHECK(few < 40);
    CHECK(count(settings, 900) == few);
  }
  set_threads(0);
}

}  // namespace
}  // namespace odot
