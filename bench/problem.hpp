// What kernels are measured on: one orientation of synthetic ratings, with factors.
#pragma once

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <string>

#include "bench/cost_model.hpp"
#include "bench/workload.hpp"
#include "kernels/penalty.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factor_layout.hpp"
#include "train/initial_factors.hpp"

namespace odot::bench {

/// What is measured: a shape's ratings at a rank on so many threads.
struct Setting {
  std::string shape;
  int rank;
  int threads;
};

enum class By { user, item };

/// One orientation of a shape's ratings with random factors, as training has them at the start.
struct Problem {
  Problem(const Setting& setting, By by, bool non_negative) {
    RatingMatrix& ratings = ratings_of(setting.shape);
    const ValueSummary& values = ratings.summary();
    layout = {ratings.users(), ratings.items(), setting.rank, !non_negative};
    if (non_negative) {
      theta = initial_non_negative_factors(layout, values.mean, 1);
    } else {
      ratings.subtract(values.mean);
      theta = initial_factors(layout, std::sqrt(values.scale()), 0, values.scale(), 1);
    }
    side = by == By::user ? ratings.by_user() : ratings.by_item();
    const Real* users = theta.data();
    const Real* items = theta.data() + layout.item_row(0);
    rows = by == By::user ? users : items;
    columns = by == By::user ? items : users;
    penalty = {1, 0, by == By::user ? layout.user_pin() : layout.item_pin()};
    set_threads(setting.threads);
  }

  RowShape row() const { return {layout.width(), layout.stride()}; }

  FactorLayout layout;
  Vector theta;
  RatingSide side;
  const Real* rows;
  const Real* columns;
  Penalty penalty;
};

/// `units` are what a pass does many of: ratings, or systems of equations.
template <class Pass>
void measure(benchmark::State& state, double units, const Cost& cost, Pass pass) {
  pass();  // so that memory which is used for the first time is not measured
  for (auto _ : state) {
    pass();
    benchmark::ClobberMemory();
  }
  state.counters["units"] = units;
  state.counters["operations"] = cost.operations;
  state.counters["bytes"] = cost.bytes;
  state.counters["gathered"] = cost.gathered;
}

/// Registers a benchmark that calls function(state, setting), under the name KERNEL/SHAPE/RANK/THREADS.
template <class Function>
void add(const std::string& kernel, const Setting& setting, Function function) {
  const std::string name = fmt::format("{}/{}/{}/{}", kernel, setting.shape, setting.rank, setting.threads);
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { function(state, setting); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

inline double ratings(const Problem& problem) { return static_cast<double>(problem.side.size()); }

}  // namespace odot::bench
