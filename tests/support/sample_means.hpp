// Means over samples with their standard errors, of independent samples and of chains.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace odot::test {

/// Means of several quantities over samples that come one after another. The standard errors are those of the means of
/// batches, which are independent where a batch is much longer than the chain remembers.
class SampleMeans {
 public:
  /// Batches of `batch` samples; independent samples may have batches of one.
  SampleMeans(std::size_t quantities, std::size_t batch)
      : batch_(batch), batch_sum_(quantities), mean_(quantities), squares_(quantities) {}

  void add(const std::vector<double>& sample) {
    REQUIRE(sample.size() == batch_sum_.size());
    for (std::size_t k = 0; k < sample.size(); ++k) batch_sum_[k] += sample[k];
    if (++in_batch_ < batch_) return;
    // Welford's update.
    ++batches_;
    const auto count = static_cast<double>(batches_);
    for (std::size_t k = 0; k < mean_.size(); ++k) {
      const double value = batch_sum_[k] / static_cast<double>(batch_);
      const double change = value - mean_[k];
      mean_[k] += change / count;
      squares_[k] += change * (value - mean_[k]);
      batch_sum_[k] = 0;
    }
    in_batch_ = 0;
  }

  std::size_t size() const { return mean_.size(); }
  double mean(std::size_t k) const { return mean_[k]; }
  double standard_error(std::size_t k) const {
    const auto count = static_cast<double>(batches_);
    return std::sqrt(squares_[k] / (count - 1) / count);
  }

  /// By how many standard errors the mean is off.
  double deviation(std::size_t k, double expected) const { return (mean_[k] - expected) / standard_error(k); }

 private:
  std::size_t batch_;
  std::size_t in_batch_ = 0;
  std::size_t batches_ = 0;
  std::vector<double> batch_sum_;
  std::vector<double> mean_;
  std::vector<double> squares_;  // Σ (value − mean)²
};

/// Checks that every mean is the expected one to within so many standard errors, plus a little for rounding.
inline void check_means(const SampleMeans& means, const std::vector<double>& expected, double errors,
                        double rounding = 0) {
  REQUIRE(means.size() == expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    CAPTURE(k);
    CAPTURE(means.mean(k));
    CAPTURE(expected[k]);
    CAPTURE(means.standard_error(k));
    CHECK(std::abs(means.mean(k) - expected[k]) <= errors * means.standard_error(k) + rounding);
  }
}

}  // namespace odot::test
