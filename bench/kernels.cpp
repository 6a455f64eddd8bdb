// Measures the kernels over whole matrices, at several ranks and numbers of threads.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "bench/cost_model.hpp"
#include "bench/options.hpp"
#include "bench/problem.hpp"
#include "bench/workload.hpp"
#include "kernels/cholesky.hpp"
#include "kernels/chunk_plan.hpp"
#include "kernels/masked_gradient.hpp"
#include "kernels/masked_line.hpp"
#include "kernels/masked_prediction.hpp"
#include "kernels/multiplicative_update.hpp"
#include "kernels/row_quadratic.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/random.hpp"
#include "odot/core/vector.hpp"

namespace odot::bench {
namespace {

void gradient(benchmark::State& state, const Setting& setting, By by) {
  Problem on(setting, by, false);
  Vector out(on.side.rows() * on.layout.stride());
  MaskedGradient kernel(on.side, on.layout.stride());
  measure(state, ratings(on), gradient_cost(on.side, on.row()),
          [&] { benchmark::DoNotOptimize(kernel(on.rows, on.columns, on.penalty, out.data())); });
}

void line(benchmark::State& state, const Setting& setting) {
  Problem on(setting, By::user, false);
  const Vector steps = on.theta;  // of any values
  MaskedLine kernel(on.side, on.layout.stride());
  measure(state, ratings(on), line_cost(on.side, on.row()), [&] {
    benchmark::DoNotOptimize(kernel(on.rows, on.columns, steps.data(), steps.data() + on.layout.item_row(0)));
  });
}

void multiplicative(benchmark::State& state, const Setting& setting, By by) {
  Problem on(setting, by, true);
  Vector next(on.side.rows() * on.layout.stride());
  MultiplicativeUpdate kernel(on.side, on.layout.stride());
  measure(state, ratings(on), multiplicative_cost(on.side, on.row()),
          [&] { benchmark::DoNotOptimize(kernel(on.rows, on.columns, on.penalty, next.data())); });
}

// Calls body(row, begin, end) for all rows or pieces of rows of all chunks, in parallel.
template <class Body>
void for_each_row(const RatingSide& side, const ChunkPlan& plan, Body&& body) {
  parallel_for(plan.chunks.size(), [&](std::size_t number) {
    const Chunk& chunk = plan.chunks[number];
    side.read(chunk.begin, chunk.end, [&] {
      for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
        body(row, std::max(chunk.begin, side.offsets[row]), std::min(chunk.end, side.offsets[row + 1]));
      }
    });
  });
}

// The quadratics of all rows, of long ones by pieces, which are not added.
void normal_equations(benchmark::State& state, const Setting& setting, By by) {
  Problem on(setting, by, false);
  const std::size_t stride = on.layout.stride();
  const ChunkPlan plan(on.side);
  const auto count = static_cast<std::size_t>(threads());
  std::vector<GatheredColumns> tiles(count, GatheredColumns(gather_tile(on.layout.width()), on.layout.width()));
  std::vector<RowQuadratic> quadratics(count, RowQuadratic(stride));
  measure(state, ratings(on), normal_equations_cost(on.side, on.row()), [&] {
    for_each_row(on.side, plan, [&](Index row, Offset begin, Offset end) {
      const auto thread = static_cast<std::size_t>(thread_number());
      form(on.side, begin, end, on.rows + row * stride, on.columns, tiles[thread], quadratics[thread]);
    });
  });
}

void prediction(benchmark::State& state, const Setting& setting) {
  Problem on(setting, By::user, false);
  const std::size_t stride = on.layout.stride();
  const ChunkPlan plan(on.side);
  constexpr std::size_t kBlock = 1024;  // of predictions that are made before they are used, as in evaluating
  std::vector<Vector> out(static_cast<std::size_t>(threads()), Vector(kBlock));
  measure(state, ratings(on), prediction_cost(on.side, on.row()), [&] {
    for_each_row(on.side, plan, [&](Index row, Offset begin, Offset end) {
      Real* to = out[static_cast<std::size_t>(thread_number())].data();
      for (; begin < end; begin += std::min<Offset>(kBlock, end - begin)) {
        predict_row(on.side, begin, std::min<Offset>(end, begin + kBlock), stride, on.rows + row * stride, on.columns,
                    to);
      }
    });
  });
}

// Systems of as many unknowns as a row with biases has at that rank, each copied to where it is solved.
void cholesky(benchmark::State& state, int rank, int on_threads) {
  set_threads(on_threads);
  const auto n = static_cast<std::size_t>(rank) + 1;
  constexpr std::size_t kChunks = 64;
  constexpr std::size_t kSystems = 16;  // of a chunk
  const RandomStream random(1, 1);
  std::vector<double> matrix(n * (n + 1));
  for (std::size_t k = 0; k < matrix.size(); ++k) matrix[k] = random.uniform(k);
  for (std::size_t k = 0; k < n; ++k) matrix[k * (n + 1) + k] += static_cast<double>(n);
  std::vector<PositiveSystem> systems(static_cast<std::size_t>(threads()), PositiveSystem(n));
  Cost cost = cholesky_cost(n);
  cost.operations *= kChunks * kSystems;
  measure(state, kChunks * kSystems, cost, [&] {
    parallel_for(kChunks, [&](std::size_t) {
      PositiveSystem& system = systems[static_cast<std::size_t>(thread_number())];
      for (std::size_t number = 0; number < kSystems; ++number) {
        system.start(n);
        for (std::size_t i = 0; i < n; ++i) {
          const double* from = matrix.data() + i * (n + 1);
          std::copy(from + i, from + n + 1, system.row(i) + i);
        }
        benchmark::DoNotOptimize(system.solve(static_cast<double>(std::numeric_limits<Real>::epsilon())));
      }
    });
  });
}

void print_help() {
  fmt::print(
      "Usage: bench_kernels [--shapes=NAME,...] [--ranks=N,...] [--threads=N,...] [--benchmark_...]\n\n"
      "Measures the kernels on synthetic ratings. A benchmark's name is KERNEL/SHAPE/RANK/THREADS; its counters are\n"
      "what one pass does: units (ratings, or systems solved) and the cost model's operations and bytes.\n\n"
      "  --shapes=NAME,...   ml-1m, 20m or small (default ml-1m,20m)\n"
      "  --ranks=N,...       default 8,10,16,32,64,128\n"
      "  --threads=N,...     numbers of threads (default: 1 and one for each core)\n\n"
      "Those of Google Benchmark, e.g. --benchmark_format=json, are in its documentation.\n");
}

int bench(int argc, char** argv) {
  const std::vector<std::string> shapes = split(take_option(argc, argv, "shapes", "ml-1m,20m"));
  for (const std::string& name : shapes) shape(name);
  const std::vector<int> ranks = split_numbers("ranks", take_option(argc, argv, "ranks", "8,10,16,32,64,128"));
  const std::vector<int> threads = split_numbers("threads", take_option(argc, argv, "threads", one_and_all_threads()));
  benchmark::Initialize(&argc, argv, print_help);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;

  add_cost_model_to_context();
  for (const std::string& name : shapes) {
    for (const int rank : ranks) {
      for (const int count : threads) {
        const Setting setting{name, rank, count};
        const auto both = [&](const std::string& kernel, auto function) {
          for (const auto& [by, word] : {std::pair{By::user, "user"}, std::pair{By::item, "item"}}) {
            add(fmt::format("{}_by_{}", kernel, word), setting,
                [=, by = by](benchmark::State& state, const Setting& on) { function(state, on, by); });
          }
        };
        both("gradient", gradient);
        add("line", setting, line);
        both("normal_equations", normal_equations);
        both("multiplicative", multiplicative);
        add("prediction", setting, prediction);
      }
    }
  }
  for (const int rank : ranks) {
    for (const int count : threads) {
      add("cholesky", {"systems", rank, count},
          [](benchmark::State& state, const Setting& on) { cholesky(state, on.rank, on.threads); });
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace odot::bench

int main(int argc, char** argv) { return odot::bench::run("bench_kernels", odot::bench::bench, argc, argv); }
