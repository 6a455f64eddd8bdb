// The exact line search: the least minimum of the polynomial, or of samples where there is none.
#include "optim/rules/exact.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kSlopeReduction = 1e-4;  // of the initial slope, on sampled lines
constexpr int kMostDoublings = 400;       // covers every scale that doubles can express around a step of 1

// The root of the slope in [low, high], where it is negative at low and not at high.
double slope_root(const LinePolynomial& f, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    (f.slope(middle) < 0 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

// The positive roots of a α² + b α + c, ascending; returns how many.
int positive_roots(double a, double b, double c, std::array<double, 2>& roots) {
  std::array<double, 2> found{};
  int count = 0;
  if (a == 0) {
    if (b != 0) found[count++] = -c / b;
  } else {
    const double discriminant = b * b - 4 * a * c;
    if (discriminant >= 0) {
      const double q = -0.5 * (b + std::copysign(std::sqrt(discriminant), b));
      found[count++] = q / a;
      if (q != 0) found[count++] = c / q;
    }
  }
  int kept = 0;
  for (int i = 0; i < count; ++i) {
    if (std::isfinite(found[i]) && found[i] > 0) roots[kept++] = found[i];
  }
  if (kept == 2 && roots[0] > roots[1]) std::swap(roots[0], roots[1]);
  return kept;
}

// The slope is monotone between the roots of the second derivative, so each stretch holds at most one minimum.
LineStep minimise_polynomial(const LinePolynomial& f) {
  if (f.c[2] == 0 && f.c[3] == 0 && f.c[0] < 0 && f.c[1] > 0) return {-f.c[0] / (2 * f.c[1]), StepStatus::accepted, 1};
  std::array<double, 2> turns{};
  const int turn_count = positive_roots(12 * f.c[3], 6 * f.c[2], 2 * f.c[1], turns);
  double best = 0;
  const auto consider = [&](double low, double high) {
    if (!(f.slope(low) < 0) || f.slope(high) < 0) return;
    const double candidate = slope_root(f, low, high);
    if (f.change(candidate) < f.change(best)) best = candidate;
  };
  double low = 0;
  for (int i = 0; i < turn_count; ++i) {
    consider(low, turns[i]);
    low = turns[i];
  }
  // The last stretch has no end: double until the slope has turned up.
  double high = low > 0 ? 2 * low : 1;
  for (int i = 0; i < kMostDoublings && f.slope(high) < 0; ++i) high *= 2;
  // A minimum far below 1 is bracketed from above before it is bisected, for the sake of its relative accuracy.
  while (low == 0 && high > 1e-300 && !(f.slope(0.5 * high) < 0)) high *= 0.5;
  consider(low, high);
  return {best, best > 0 ? StepStatus::accepted : StepStatus::out_of_trials, 1};
}

LineStep minimise_samples(LineFunction& line, int most, double first) {
  const double target = kSlopeReduction * std::abs(line.at(0).slope);
  Sample low = line.at(0);
  Sample high;
  bool bracketed = false;
  double alpha = first;
  for (int trial = 1; trial <= most; ++trial) {
    const Sample sample = line.at(alpha);
    const bool lower = sample.change < low.change;
    if (lower && std::abs(sample.slope) <= target) return {alpha, StepStatus::accepted, trial};
    if (lower && sample.slope < 0) {
      low = sample;
    } else {
      high = sample;
      bracketed = true;
    }
    if (!bracketed) {
      alpha *= 2;
      continue;
    }
    if (!(high.step - low.step > 1e-15 * high.step)) break;
    // The secant of the two slopes where it falls well inside the bracket, otherwise its middle.
    const double width = high.step - low.step;
    const double secant = low.step - low.slope * width / (high.slope - low.slope);
    const bool usable = high.slope > 0 && secant > low.step + 0.05 * width && secant < high.step - 0.05 * width;
    alpha = usable ? secant : low.step + 0.5 * width;
  }
  return {low.step, StepStatus::out_of_trials, most};
}

}  // namespace

LineStep exact_step(LineFunction& line, const ExactSettings& settings, double first) {
  if (line.polynomial()) return minimise_polynomial(*line.polynomial());
  return minimise_samples(line, static_cast<int>(settings.max_trials), first);
}

}  // namespace odot::inline ODOT_PRECISION
