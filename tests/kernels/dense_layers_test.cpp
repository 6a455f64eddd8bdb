// Fully connected layers against plain loops and finite differences.
#include "kernels/dense_layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace odot {
namespace {

Vector random_vector(std::size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Vector out(size);
  for (Real& value : out) value = static_cast<Real>(uniform(generator));
  return out;
}

// The outputs of one sample, element by element in double, from θ as the header says it is laid out.
std::vector<double> plain_forward(const std::vector<std::size_t>& sizes, bool output_relu,
                                  const std::vector<double>& theta, std::vector<double> a) {
  std::size_t at = 0;
  for (std::size_t layer = 0; layer + 1 < sizes.size(); ++layer) {
    std::vector<double> next(sizes[layer + 1], 0);
    for (double& sum : next) {
      for (const double input : a) sum += theta[at++] * input;
    }
    for (double& sum : next) sum += theta[at++];
    const bool relu = layer + 2 < sizes.size() || output_relu;
    if (relu) std::ranges::transform(next, next.begin(), [](double value) { return std::max(value, 0.0); });
    a = next;
  }
  REQUIRE(at == theta.size());
  return a;
}

struct Case {
  std::vector<std::size_t> sizes;
  bool output_relu;
  std::size_t rows;
};

const Case kCases[] = {{{3, 1}, false, 1},
                       {{3, 1}, true, 128},
                       {{1, 1, 1}, false, 7},
                       {{5, 4, 3}, true, 128},
                       {{23, 64, 128, 64, 1}, false, 128},
                       {{7, 65, 33, 2}, true, 127},
                       {{2, 9, 17, 1}, false, 50}};

TEST_CASE("the outputs are those of plain loops") {
  for (const Case& c : kCases) {
    CAPTURE(c.rows);
    const DenseLayers layers(c.sizes, c.output_relu);
    const Vector theta = random_vector(layers.size(), 1);
    const std::vector<double> exact(theta.begin(), theta.end());
    const Vector inputs = random_vector(c.rows * c.sizes[0], 2);
    DenseTile tile(layers);
    std::ranges::copy(inputs, tile.input());
    tile.forward(theta.data(), c.rows);
    const std::size_t in = c.sizes.front();
    const std::size_t out = c.sizes.back();
    for (std::size_t row = 0; row < c.rows; ++row) {
      const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(row * in);
      const auto expected =
          plain_forward(c.sizes, c.output_relu, exact, {first, first + static_cast<std::ptrdiff_t>(in)});
      for (std::size_t k = 0; k < out; ++k) {
        const auto found = static_cast<double>(tile.output()[row * out + k]);
        REQUIRE(std::abs(found - expected[k]) <= 1e-3 * (sizeof(Real) == 4 ? 1 : 1e-8) * (1 + std::abs(expected[k])));
      }
    }
  }
}

TEST_CASE("the gradient is that of finite differences, and is added to what is there") {
  for (const Case& c : kCases) {
    CAPTURE(c.rows);
    const DenseLayers layers(c.sizes, c.output_relu);
    const Vector theta = random_vector(layers.size(), 1);
    const Vector inputs = random_vector(c.rows * c.sizes[0], 2);
    const std::size_t in = c.sizes.front();
    const std::size_t out = c.sizes.back();
    const Vector weights = random_vector(c.rows * out, 3);
    DenseTile tile(layers);
    std::ranges::copy(inputs, tile.input());
    tile.forward(theta.data(), c.rows);
    std::ranges::copy(weights, tile.output_gradient());
    Vector gradient(layers.size(), Real{10});
    tile.backward(theta.data(), c.rows, gradient.data());

    // Σ weights · outputs, whose derivatives by θ these are.
    std::vector<double> moved(theta.begin(), theta.end());
    const auto sum = [&] {
      double total = 0;
      for (std::size_t row = 0; row < c.rows; ++row) {
        const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(row * in);
        const auto outputs =
            plain_forward(c.sizes, c.output_relu, moved, {first, first + static_cast<std::ptrdiff_t>(in)});
        for (std::size_t k = 0; k < out; ++k) total += static_cast<double>(weights[row * out + k]) * outputs[k];
      }
      return total;
    };
    const double h = 1e-7;
    std::mt19937 generator(4);
    for (int trial = 0; trial < 60; ++trial) {
      const std::size_t k = trial == 0 ? layers.size() - 1 : generator() % layers.size();
      CAPTURE(k);
      const double x = moved[k];
      moved[k] = x + h;
      const double above = sum();
      moved[k] = x - h;
      const double below = sum();
      moved[k] = x;
      const double expected = (above - below) / (2 * h);
      const double tolerance = (sizeof(Real) == 4 ? 2e-4 : 1e-5) * (10 + std::abs(expected));
      REQUIRE(std::abs(static_cast<double>(gradient[k]) - 10 - expected) <= tolerance);
    }
  }
}

TEST_CASE("what is not a number stays visible") {
  const DenseLayers layers({2, 3, 1}, true);
  const Vector theta = random_vector(layers.size(), 1);
  DenseTile tile(layers);
  tile.input()[0] = std::numeric_limits<Real>::quiet_NaN();
  tile.input()[1] = 1;
  tile.forward(theta.data(), 1);
  CHECK(std::isnan(tile.output()[0]));
}

}  // namespace
}  // namespace odot
