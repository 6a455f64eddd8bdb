// Measures recommending beside matrix products: of the same shape, all scores being written, and of square matrices,
// the best that Eigen reaches.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

// Threads share the users.
#define EIGEN_DONT_PARALLELIZE
// False alarms inside Eigen, which appear where templates are instantiated: at the end.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <Eigen/Core>
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "bench/options.hpp"
#include "bench/problem.hpp"
#include "bench/workload.hpp"
#include "odot/model/recommend.hpp"

namespace odot::bench {
namespace {

constexpr int kTop = 10;
constexpr int kSquare = 2048;

// What each user has rated.
ItemLists rated(const RatingSide& by_user) {
  Triples pairs;
  for (Index user = 0; user < by_user.rows(); ++user) {
    pairs.user.insert(pairs.user.end(), by_user.count(user), user);
  }
  pairs.item.assign(by_user.indices.begin(), by_user.indices.end());
  return {by_user.rows(), pairs};
}

// Multiplications and additions; `width` of them make a score.
Cost product_cost(double rows, double columns, double width) { return {2 * rows * columns * width, 0, 0}; }

Cost cost_of(const Problem& on) {
  return product_cost(on.layout.users, on.layout.items, static_cast<double>(on.layout.width()));
}

void top_lists(benchmark::State& state, const Setting& setting) {
  const Problem on(setting, By::user, false);
  const ItemLists seen = rated(on.side);
  std::vector<Index> users(on.layout.users);
  std::iota(users.begin(), users.end(), Index{0});
  const FactorView model{{}, {}, on.layout, on.theta};
  measure(state, on.layout.users, cost_of(on), [&] {
    const TopLists lists = recommend(model, users, {.top = kTop, .exclude = &seen});
    benchmark::DoNotOptimize(lists[0].data());
  });
}

using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// out ← a bᵀ, each thread its rows.
void multiply(const Matrix& a, const Matrix& b, Matrix& out) {
  const auto parts = static_cast<Eigen::Index>(threads());
  parallel_for(static_cast<std::size_t>(parts), [&](std::size_t part) {
    const Eigen::Index begin = a.rows() * static_cast<Eigen::Index>(part) / parts;
    const Eigen::Index count = a.rows() * static_cast<Eigen::Index>(part + 1) / parts - begin;
    out.middleRows(begin, count).noalias() = a.middleRows(begin, count) * b.transpose();
  });
  benchmark::DoNotOptimize(out.data());
}

void product(benchmark::State& state, const Setting& setting) {
  const Problem on(setting, By::user, false);
  const auto width = static_cast<Eigen::Index>(on.layout.width());
  const Matrix users = Matrix::Random(on.layout.users, width);
  const Matrix items = Matrix::Random(on.layout.items, width);
  Matrix scores(on.layout.users, on.layout.items);
  measure(state, on.layout.users, cost_of(on), [&] { multiply(users, items, scores); });
}

void square_product(benchmark::State& state, const Setting& setting) {
  set_threads(setting.threads);
  const Matrix a = Matrix::Random(kSquare, kSquare);
  const Matrix b = Matrix::Random(kSquare, kSquare);
  Matrix out(kSquare, kSquare);
  measure(state, kSquare, product_cost(kSquare, kSquare, kSquare), [&] { multiply(a, b, out); });
}

void print_help() {
  fmt::print(
      "Usage: bench_recommend [--shapes=NAME,...] [--ranks=N,...] [--threads=N,...] [--benchmark_...]\n\n"
      "Measures the ten best items for all users, those they rated left out, beside matrix products. A benchmark's\n"
      "name is WHAT/SHAPE/RANK/THREADS.\n\n"
      "  --shapes=NAME,...   ml-1m, 20m or small (default ml-1m)\n"
      "  --ranks=N,...       (default 16,64)\n"
      "  --threads=N,...     (default 1 and the number of cores)\n\n"
      "Those of Google Benchmark, e.g. --benchmark_format=json, are in its documentation.\n");
}

int bench(int argc, char** argv) {
  const std::vector<std::string> shapes = split(take_option(argc, argv, "shapes", "ml-1m"));
  const std::vector<int> ranks = split_numbers("ranks", take_option(argc, argv, "ranks", "16,64"));
  const std::vector<int> counts = split_numbers("threads", take_option(argc, argv, "threads", one_and_all_threads()));
  for (const std::string& name : shapes) shape(name);
  benchmark::Initialize(&argc, argv, print_help);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (int count : counts) {
    for (const std::string& name : shapes) {
      for (int rank : ranks) {
        add("recommend", {name, rank, count}, top_lists);
        add("product", {name, rank, count}, product);
      }
    }
    add("square_product", {"2048", kSquare, count}, square_product);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace odot::bench

int main(int argc, char** argv) { return odot::bench::run("bench_recommend", odot::bench::bench, argc, argv); }
