// The time limit is wall time: what observers, traces and checkpoints take counts.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "odot/train/train.hpp"
#include "support/temporary_folder.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

Data small_data() { return hold_out(synthesize({.users = 60, .items = 40, .ratings = 1500, .seed = 3}).list, 0.1, 1); }

TEST_CASE("time in the observer counts for the time limit, of a resumed run too") {
  const Data data = small_data();
  const TemporaryFolder folder;
  for (const std::string method : {"blocks", "full", "variational"}) {
    CAPTURE(method);
    TrainSettings settings{.method = method};
    limit(settings, {.iterations = 100'000});
    settings.tolerance = 0;
    settings.time_limit = 0.25;
    int calls = 0;
    const auto slow = [&](const TrainProgress&) {
      ++calls;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // at least
      return true;
    };
    const CheckpointSettings checkpoints{.path = folder / method, .iterations = 1};
    const FactorResult result = train(data.train, data.valid, settings, slow, checkpoints);
    CHECK(result.report.stop_reason == "time");
    CHECK(calls <= 6);
    // Nothing is left of the limit.
    calls = 0;
    const FactorResult resumed = train(data.train, data.valid, settings, slow, {.resume = folder / method});
    CHECK(resumed.report.stop_reason == "time");
    CHECK(resumed.report.optimisation.counts.iterations == result.report.optimisation.counts.iterations);
  }
}

}  // namespace
}  // namespace odot
