// Measures the kernels beside what Eigen does in their place, and beside adding the same columns up in the same order,
// for which they are loaded once and nothing else is done. Sizes are known when it is compiled: one thread, rows as
// wide as those of ranks 8, 16, 32 and 64 with biases (larger matrices are not for fixed sizes).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

// False alarms inside Eigen, which appear where templates are instantiated: at the end.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "bench/options.hpp"
#include "bench/problem.hpp"
#include "bench/workload.hpp"

namespace odot::bench {
namespace {

template <int kStride>
using Row = Eigen::Matrix<Real, kStride, 1>;

template <int kStride>
Eigen::Map<const Row<kStride>, Eigen::Aligned32> row_at(const Real* data, Index row) {
  return Eigen::Map<const Row<kStride>, Eigen::Aligned32>(data + row * std::size_t{kStride});
}

// out ← 2 (Σ e_j column_j + λ row); returns Σ e_j² + λ‖row‖² over all rows.
template <int kStride>
double eigen_gradient(const Problem& on, Real* out) {
  std::vector<Real> values(1);
  double value = 0;
  const auto lambda = static_cast<Real>(on.penalty.lambda);
  for (Index row = 0; row < on.side.rows(); ++row) {
    const Offset begin = on.side.offsets[row];
    const Offset end = on.side.offsets[row + 1];
    values.resize(end - begin);
    on.side.values.read(begin, end, values.data());
    const Row<kStride> mine = row_at<kStride>(on.rows, row);
    Row<kStride> sum = lambda * mine;
    value += static_cast<double>(lambda * mine.squaredNorm());
    for (Offset j = begin; j < end; ++j) {
      const auto column = row_at<kStride>(on.columns, on.side.indices[j]);
      const Real error = mine.dot(column) - values[j - begin];
      value += static_cast<double>(error) * static_cast<double>(error);
      sum += error * column;
    }
    Eigen::Map<Row<kStride>, Eigen::Aligned32>(out + row * std::size_t{kStride}) = 2 * sum;
  }
  return value;
}

// Σ v vᵀ and Σ e v of every row: the columns of so many ratings at a time are gathered for a symmetric product.
template <int kStride>
void eigen_normal_equations(const Problem& on) {
  constexpr Offset kBlock = 64;
  using Gram = Eigen::Matrix<Real, kStride, kStride>;
  const auto gram = std::make_unique<Gram>();
  Eigen::Matrix<Real, kStride, Eigen::Dynamic, Eigen::ColMajor, kStride, kBlock> block;
  Eigen::Matrix<Real, Eigen::Dynamic, 1, Eigen::ColMajor, kBlock, 1> errors;
  for (Index row = 0; row < on.side.rows(); ++row) {
    const Row<kStride> mine = row_at<kStride>(on.rows, row);
    Row<kStride> gradient = Row<kStride>::Zero();
    gram->setZero();
    for (Offset first = on.side.offsets[row]; first < on.side.offsets[row + 1]; first += kBlock) {
      const auto count = static_cast<Eigen::Index>(std::min(kBlock, on.side.offsets[row + 1] - first));
      block.resize(kStride, count);
      errors.resize(count);
      on.side.values.read(first, first + static_cast<Offset>(count), errors.data());
      for (Eigen::Index k = 0; k < count; ++k) {
        block.col(k) = row_at<kStride>(on.columns, on.side.indices[first + static_cast<Offset>(k)]);
      }
      errors = block.transpose() * mine - errors;
      gradient.noalias() += block * errors;
      gram->template selfadjointView<Eigen::Lower>().rankUpdate(block);
    }
    benchmark::DoNotOptimize(gram->data());
    benchmark::DoNotOptimize(gradient.data());
    benchmark::ClobberMemory();
  }
}

// Σ of the columns, and where there are steps of the steps, of each row's ratings.
template <int kStride>
void add_up(const Problem& on, const Real* steps) {
  for (Index row = 0; row < on.side.rows(); ++row) {
    Row<kStride> sum = Row<kStride>::Zero();
    Row<kStride> sum_of_steps = Row<kStride>::Zero();
    for (Offset j = on.side.offsets[row]; j < on.side.offsets[row + 1]; ++j) {
      const Index column = on.side.indices[j];
      sum += row_at<kStride>(on.columns, column);
      if (steps) sum_of_steps += row_at<kStride>(steps, column);
    }
    benchmark::DoNotOptimize(sum);
    benchmark::DoNotOptimize(sum_of_steps);
  }
}

template <int kStride>
void columns(benchmark::State& state, const Setting& setting) {
  const Problem on(setting, By::user, false);
  measure(state, ratings(on), prediction_cost(on.side, on.row()), [&] { add_up<kStride>(on, nullptr); });
}

template <int kStride>
void columns_and_steps(benchmark::State& state, const Setting& setting) {
  const Problem on(setting, By::user, false);
  const Vector steps = on.theta;
  measure(state, ratings(on), line_cost(on.side, on.row()),
          [&] { add_up<kStride>(on, steps.data() + on.layout.item_row(0)); });
}

template <int kStride>
void gradient(benchmark::State& state, const Setting& setting) {
  const Problem on(setting, By::user, false);
  Vector out(on.side.rows() * on.layout.stride());
  measure(state, ratings(on), gradient_cost(on.side, on.row()),
          [&] { benchmark::DoNotOptimize(eigen_gradient<kStride>(on, out.data())); });
}

template <int kStride>
void normal_equations(benchmark::State& state, const Setting& setting) {
  const Problem on(setting, By::user, false);
  measure(state, ratings(on), normal_equations_cost(on.side, on.row()), [&] { eigen_normal_equations<kStride>(on); });
}

// One system at a time; the number of unknowns is known.
template <int kUnknowns>
void cholesky(benchmark::State& state, const Setting&) {
  using Matrix = Eigen::Matrix<double, kUnknowns, kUnknowns>;
  constexpr int kSystems = 1024;
  const auto matrix = std::make_unique<Matrix>(Matrix::Random());
  *matrix = (*matrix * matrix->transpose()).eval();
  matrix->diagonal().array() += kUnknowns;
  const Eigen::Matrix<double, kUnknowns, 1> right = Eigen::Matrix<double, kUnknowns, 1>::Random();
  const auto solver = std::make_unique<Eigen::LLT<Matrix>>();
  Cost cost = cholesky_cost(kUnknowns);
  cost.operations *= kSystems;
  measure(state, kSystems, cost, [&] {
    for (int number = 0; number < kSystems; ++number) {
      solver->compute(*matrix);
      Eigen::Matrix<double, kUnknowns, 1> solution = solver->solve(right);
      benchmark::DoNotOptimize(solution.data());
      benchmark::ClobberMemory();
    }
  });
}

template <int kRank>
void add_rank(const std::vector<std::string>& shapes) {
  constexpr auto kStride = static_cast<int>(FactorLayout{0, 0, kRank, true}.stride());
  for (const std::string& shape : shapes) {
    const Setting setting{shape, kRank, 1};
    add("columns_by_user", setting, columns<kStride>);
    add("columns_and_steps_by_user", setting, columns_and_steps<kStride>);
    add("eigen_gradient_by_user", setting, gradient<kStride>);
    add("eigen_normal_equations_by_user", setting, normal_equations<kStride>);
  }
  add("eigen_cholesky", {"systems", kRank, 1}, cholesky<kRank + 1>);
}

void print_help() {
  fmt::print(
      "Usage: bench_eigen [--shapes=NAME,...] [--benchmark_...]\n\n"
      "Measures Eigen in the place of kernels that bench_kernels measures, on one thread, and adding up the columns "
      "that\n"
      "a pass reads. A benchmark's name is eigen_KERNEL/SHAPE/RANK/1 or columns_…/SHAPE/RANK/1.\n\n"
      "  --shapes=NAME,...   ml-1m, 20m or small (default ml-1m)\n\n"
      "Those of Google Benchmark, e.g. --benchmark_format=json, are in its documentation.\n");
}

int bench(int argc, char** argv) {
  const std::vector<std::string> shapes = split(take_option(argc, argv, "shapes", "ml-1m"));
  for (const std::string& name : shapes) shape(name);
  benchmark::Initialize(&argc, argv, print_help);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_cost_model_to_context();
  add_rank<8>(shapes);
  add_rank<16>(shapes);
  add_rank<32>(shapes);
  add_rank<64>(shapes);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace odot::bench

int main(int argc, char** argv) { return odot::bench::run("bench_eigen", odot::bench::bench, argc, argv); }
