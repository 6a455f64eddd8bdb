// The search for the settings with the lowest held-out error.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/precision.hpp"
#include "odot/search/cross_validation.hpp"
#include "odot/search/halving.hpp"
#include "odot/search/sampler.hpp"
#include "odot/search/space.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// A value of each dimension, in words.
using Point = std::vector<std::string>;

/// `base` with the values of a point. Throws Error of the setting for values out of range; goes no further in checking.
TrainSettings at_point(TrainSettings base, const std::vector<Dimension>& dimensions, const Point& point);

/// How to search.
struct SearchSettings {
  std::vector<Dimension> dimensions{};
  /// The checked settings of a point. Throws Error of kind usage where its values do not go together.
  std::function<TrainSettings(const Point&)> settings_of{};
  bool by_mae = false;                       ///< the lowest mean absolute error is wanted, not the lowest RMSE
  SamplerKind sampler = SamplerKind::sobol;  ///< of points
  std::size_t rungs = 3;                     ///< of successive halving, ≥ 1; 1: every point has all iterations
  std::size_t trials = 100;                  ///< most points
  double seconds = std::numeric_limits<double>::infinity();  ///< after which the search ends
  std::uint64_t seed = 1;                                    ///< of the points
};

/// A training of a search, and what came of it.
struct SearchResult {
  Halving::Job job{};
  Point point{};
  std::string status = "done";  ///< or diverged, invalid (values that do not go together), failed, interrupted
  std::string error{};          ///< where it is invalid or failed
  Trial trial{};
  int limit = 0;                                           ///< most iterations; 0 where it is invalid
  double value = std::numeric_limits<double>::infinity();  ///< of the metric, where it is done
};

/// Who watches a search; each may be empty.
struct SearchHooks {
  /// What came of a training earlier, as a log may know.
  std::function<std::optional<SearchResult>(const Halving::Job&, const Point&)> known{};
  /// Told of every training: all so far, this one last, and whether it was known.
  std::function<void(const std::vector<SearchResult>&, bool known)> finished{};
  /// False ends the search; asked after every iteration of a training too.
  std::function<bool()> going{};
  /// What to say of an error; by default its message.
  std::function<std::string(const Error&)> message{};
};

struct SearchOutcome {
  std::vector<SearchResult> results{};
  std::size_t points = 0;
  std::optional<std::size_t> best{};  ///< in `results`
  double seconds = 0;
};

/// Throws Error, the first complaint of a point, where a value of one dimension goes with no values of the others.
void check_space(const SearchSettings& settings);

/// Trains points of the space on the folds, with successive halving (Halving) by the folds' mean error. What comes next
/// depends on the settings and the results so far alone; points that are equal are trained once.
SearchOutcome search(const SearchSettings& settings, const std::vector<Dataset>& folds, const SearchHooks& hooks = {});

/// The settings to train on all ratings with, after a search: those of the result's point, for as many iterations as
/// the best one had before early stopping would have ended it, or as it was given.
TrainSettings settings_of_best(const SearchSettings& settings, const SearchResult& result);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
