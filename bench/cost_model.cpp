#include "bench/cost_model.hpp"

#include <benchmark/benchmark.h>

#include <utility>

namespace odot::bench {
namespace {

double of(std::size_t n) { return static_cast<double>(n); }

// Each rating takes `operations` and `columns` gathered rows and, where `value`, its value; each row of the side
// `row_operations` and `rows` rows of memory.
Cost pass_cost(const RatingSide& side, const RowShape& row, double operations, double columns, bool value,
               double row_operations, double rows) {
  const double row_bytes = of(row.stride * sizeof(Real));
  const double value_bytes = value ? of(side.values.codes() ? 1 : sizeof(Real)) : 0;
  const double ratings = of(side.size());
  const double count = of(side.rows());
  return {ratings * operations + count * row_operations,
          ratings * (columns * row_bytes + sizeof(Index) + value_bytes) + count * rows * row_bytes,
          columns * of(side.columns) * row_bytes};
}

constexpr std::pair<const char*, const char*> kCostModel[] = {
    {"gradient", "4w operations, sR + 4 + v bytes a rating; 5w, 2sR a row"},
    {"line", "8w + 10 operations, 2sR + 4 + v bytes a rating; 2sR a row"},
    {"normal_equations", "w(w + 5) operations, sR + 4 + v bytes a rating; sR a row"},
    {"multiplicative", "6w operations, sR + 4 + v bytes a rating; 7w, 2sR a row"},
    {"prediction", "2w operations, sR + 4 bytes a rating; sR a row"},
    {"cholesky", "n³/3 + 2n² operations in double precision a system of n unknowns"},
};

}  // namespace

Cost gradient_cost(const RatingSide& side, const RowShape& row) {
  return pass_cost(side, row, 4 * of(row.width), 1, true, 5 * of(row.width), 2);
}

Cost line_cost(const RatingSide& side, const RowShape& row) {
  return pass_cost(side, row, 8 * of(row.width) + 10, 2, true, 0, 2);
}

Cost normal_equations_cost(const RatingSide& side, const RowShape& row) {
  return pass_cost(side, row, of(row.width) * of(row.width + 5), 1, true, 0, 1);
}

Cost multiplicative_cost(const RatingSide& side, const RowShape& row) {
  return pass_cost(side, row, 6 * of(row.width), 1, true, 7 * of(row.width), 2);
}

Cost prediction_cost(const RatingSide& side, const RowShape& row) {
  return pass_cost(side, row, 2 * of(row.width), 1, false, 0, 1);
}

Cost cholesky_cost(std::size_t unknowns) {
  const double n = of(unknowns);
  return {n * n * n / 3 + 2 * n * n, 0, 0};
}

void add_cost_model_to_context() {
  for (const auto& [kernel, words] : kCostModel) {
    benchmark::AddCustomContext(std::string("cost_") + kernel, words);
  }
}

}  // namespace odot::bench
