// Inner products of rows and sums of rows against long double.
#include "kernels/row_products.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "kernels/ranks.hpp"
#include "odot/core/vector.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

Vector random_vector(std::size_t size, std::uint64_t seed) {
  Uniform uniform(seed);
  Vector out(size);
  for (Real& element : out) element = static_cast<Real>(uniform(-1, 1));
  return out;
}

TEST_CASE("products of rows with rows and with one row, at every rank and instruction set") {
  constexpr std::size_t kCount = 5;
  for (const int rank : tested_ranks()) {
    const std::size_t stride = (static_cast<std::size_t>(rank) + kLanes - 1) / kLanes * kLanes;
    const std::size_t step = stride + kLanes;
    const Vector a = random_vector(kCount * step, 1);
    const Vector b = random_vector(kCount * stride, 2);
    with_each_instruction_set([&](const char* name) {
      CAPTURE(rank);
      CAPTURE(name);
      for (const std::size_t b_step : {stride, std::size_t{0}}) {
        std::vector<Real> products(kCount + 1, Real{55});
        std::vector<double> wide(kCount + 1, 55);
        row_products({a.data(), step}, {b.data(), b_step}, stride, kCount, products.data());
        wide_row_products({a.data(), step}, {b.data(), b_step}, stride, kCount, wide.data());
        for (std::size_t i = 0; i < kCount; ++i) {
          long double expected = 0;
          for (std::size_t k = 0; k < stride; ++k) {
            expected += static_cast<long double>(a[i * step + k]) * static_cast<long double>(b[i * b_step + k]);
          }
          CHECK(std::abs(static_cast<double>(products[i] - expected)) <= tolerance(1e-12, 1e-4));
          CHECK(std::abs(static_cast<double>(wide[i] - expected)) <= 1e-12);
        }
        CHECK(products[kCount] == 55);
        CHECK(wide[kCount] == 55);
      }
    });
  }
}

TEST_CASE("weighted rows are added to what is there") {
  constexpr std::size_t kCount = 6;
  for (const int rank : tested_ranks()) {
    const std::size_t stride = (static_cast<std::size_t>(rank) + kLanes - 1) / kLanes * kLanes;
    const std::size_t step = stride + 2 * kLanes;
    const Vector rows = random_vector(kCount * step, 3);
    const Vector weights = random_vector(kCount, 4);
    const Vector before = random_vector(stride + 1, 5);
    with_each_instruction_set([&](const char* name) {
      CAPTURE(rank);
      CAPTURE(name);
      Vector out = before;
      add_weighted_rows(weights.data(), {rows.data(), step}, stride, kCount, out.data());
      for (std::size_t k = 0; k < stride; ++k) {
        long double expected = before[k];
        for (std::size_t i = 0; i < kCount; ++i) {
          expected += static_cast<long double>(weights[i]) * static_cast<long double>(rows[i * step + k]);
        }
        CHECK(std::abs(static_cast<double>(out[k] - expected)) <= tolerance(1e-14, 1e-6));
      }
      CHECK(out[stride] == before[stride]);
    });
  }
}

}  // namespace
}  // namespace odot
