// Asynchronous successive halving: what is promoted, and what comes next.
#include "odot/search/halving.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {

Halving::Halving(std::size_t trials, std::size_t rungs, std::size_t eta) : trials_(trials), eta_(eta), rungs_(rungs) {
  if (trials < 1 || rungs < 1 || eta < 2) {
    throw Error("halving needs a trial, a rung and eta of at least 2", ErrorKind::usage);
  }
}

std::optional<Halving::Job> Halving::next() {
  for (std::size_t rung = rungs_.size() - 1; rung-- > 0;) {
    std::vector<Entry>& entries = rungs_[rung];
    for (std::size_t k = 0; k < entries.size() / eta_; ++k) {
      if (entries[k].promoted || !std::isfinite(entries[k].value)) continue;
      entries[k].promoted = true;
      return Job{entries[k].trial, rung + 1};
    }
  }
  if (started_ == trials_) return std::nullopt;
  return Job{started_++, 0};
}

void Halving::finish(const Job& job, double value) {
  if (!std::isfinite(value)) value = std::numeric_limits<double>::infinity();
  std::vector<Entry>& entries = rungs_[job.rung];
  // Equal values stay in the order in which they came.
  const auto place = std::upper_bound(entries.begin(), entries.end(), value,
                                      [](double wanted, const Entry& entry) { return wanted < entry.value; });
  entries.insert(place, {value, job.trial, false});
}

int rung_iterations(int top, std::size_t rung, std::size_t rungs, std::size_t eta, int least) {
  const auto share_of = [&](std::size_t number) {
    int iterations = top;
    for (std::size_t k = number + 1; k < rungs; ++k) iterations /= static_cast<int>(eta);
    return std::max(iterations, 1);
  };
  const int first = std::min(least, top);
  if (share_of(0) >= first) return share_of(rung);
  const double way = static_cast<double>(rung) / static_cast<double>(rungs - 1);
  return static_cast<int>(std::lround(first * std::pow(static_cast<double>(top) / first, way)));
}

}  // namespace odot::inline ODOT_PRECISION
