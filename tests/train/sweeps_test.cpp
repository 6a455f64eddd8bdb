// The loop over sweeps, with sweeps whose values are chosen.
#include "train/sweeps.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "odot/core/error.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

// Goes through values; what it is at is a part of its state.
class ScriptedSweeper : public Sweeper {
 public:
  explicit ScriptedSweeper(std::vector<double> values, bool can_diverge = true)
      : values_(std::move(values)), can_diverge_(can_diverge) {}

  void sweep(Vector& theta) override { theta[0] = static_cast<Real>(++at_); }
  double value() const override { return values_[at_]; }
  double squared_error() const override { return 1; }
  long passes() const override { return 0; }
  bool can_diverge() const override { return can_diverge_; }
  void visit(StateVisitor& visitor) override { visitor.integer("at", at_); }

 private:
  std::vector<double> values_;
  bool can_diverge_;
  std::size_t at_ = 0;
};

// Keeps a state in memory, and gives it back.
class MemoryVisitor : public StateVisitor {
 public:
  bool restores() const override { return restores_; }
  void give_back() { restores_ = true; }

 private:
  template <class Value>
  void exchange(Value& kept, Value& value) {
    (restores_ ? value : kept) = restores_ ? kept : value;
  }
  template <class Element>
  void exchange_array(const std::string& name, std::span<Element> values) {
    std::vector<double>& kept = arrays_[name];
    if (!restores_) kept.assign(values.begin(), values.end());
    std::transform(kept.begin(), kept.end(), values.begin(), [](double value) { return static_cast<Element>(value); });
  }

  void visit_number(const std::string& name, double& value) override { exchange(numbers_[name], value); }
  void visit_integer(const std::string& name, std::int64_t& value, std::int64_t /*most*/) override {
    exchange(integers_[name], value);
  }
  void visit_array(const std::string& name, std::span<float> values) override { exchange_array(name, values); }
  void visit_array(const std::string& name, std::span<double> values) override { exchange_array(name, values); }

  bool restores_ = false;
  std::map<std::string, double> numbers_;
  std::map<std::string, std::int64_t> integers_;
  std::map<std::string, std::vector<double>> arrays_;
};

// Runs sweeps of these values to the end, and again from where sweep `cut` ended.
struct Resumed {
  TrainOutcome whole;
  TrainOutcome rest;
  Vector whole_theta;
  Vector rest_theta;
};

const FactorLayout kLayout{1, 1, 1, false};

TrainSettings settings_for(const std::vector<double>& values, double tolerance) {
  TrainSettings settings{.method = "blocks"};
  settings.iterations = static_cast<int>(values.size()) - 1;
  settings.tolerance = tolerance;
  return in_effect(settings);
}

Resumed run_resumed(const std::vector<double>& values, int cut, double tolerance) {
  const RatingMatrix matrix(1, 1, {{0}, {0}, {1}});
  const FactorLayout& layout = kLayout;
  const TrainSettings settings = settings_for(values, tolerance);
  MemoryVisitor memory;
  Resumed out;
  out.whole_theta = out.rest_theta = Vector(layout.size());
  TrainTask task{matrix, layout, settings, {}, {}};
  task.observe = [&](const TrainState& state) {
    if (state.counts.iterations == cut) state.visit(memory);
    return true;
  };
  ScriptedSweeper first(values);
  out.whole = run_sweeps(task, first, out.whole_theta);
  memory.give_back();
  task.observe = {};
  task.resume = &memory;
  restore_factors(task, out.rest_theta);
  ScriptedSweeper second(values);
  out.rest = run_sweeps(task, second, out.rest_theta);
  return out;
}

TEST_CASE("a resumed run measures divergence by the start of the first one") {
  // The last value is more than a thousand times what it is where the run is cut, and less than a thousand times the
  // start's.
  for (const auto& [values, reason] : {std::pair{std::vector<double>{1, 0.5, 1e-3, 900}, StopReason::iterations},
                                       {std::vector<double>{1e-3, 1e-3, 1, 500}, StopReason::diverged}}) {
    const Resumed run = run_resumed(values, 2, 0);
    CHECK(run.whole.summary.reason == reason);
    CHECK(run.rest.summary.reason == reason);
    CHECK(run.rest.summary.value == run.whole.summary.value);
    CHECK(run.rest_theta == run.whole_theta);
  }
}

TEST_CASE("where nothing can diverge, f may grow, but is to be a number") {
  const RatingMatrix matrix(1, 1, {{0}, {0}, {1}});
  const auto run = [&](const std::vector<double>& values, bool can_diverge, Vector& theta) {
    const TrainTask task{matrix, kLayout, settings_for(values, 0), {}, {}};
    ScriptedSweeper sweeper(values, can_diverge);
    return run_sweeps(task, sweeper, theta).summary.reason;
  };
  const std::vector<double> grows = {1, 2, 1e9, 3};
  const std::vector<double> ends = {1, 2, std::numeric_limits<double>::quiet_NaN(), 3};
  Vector theta(kLayout.size());
  for (const std::vector<double>& values : {grows, ends}) {
    CHECK(run(values, true, theta) == StopReason::diverged);
    CHECK(theta[0] == 1);  // as after the first sweep
  }
  CHECK(run(grows, false, theta) == StopReason::iterations);
  CHECK(theta[0] == 3);
  CHECK_THROWS_WITH_AS(run(ends, false, theta),
                       "the objective is no number after sweep 2: what the method computes with exceeds its range; "
                       "fewer factors, or another method, may do",
                       Error);
}

TEST_CASE("a resumed run is settled by the last change before the cut") {
  const Resumed run = run_resumed({10, 5, 4.999, 1}, 2, 1e-3);
  CHECK(run.whole.summary.reason == StopReason::tolerance);
  CHECK(run.rest.summary.reason == StopReason::tolerance);
  CHECK(run.whole.summary.counts.iterations == 2);
  CHECK(run.rest.summary.counts.iterations == 2);
}

}  // namespace
}  // namespace odot
