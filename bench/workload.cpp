#include "bench/workload.hpp"

#include <fmt/format.h>

#include <memory>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot::bench {

SyntheticSettings shape(const std::string& name) {
  SyntheticSettings settings;
  if (name == "ml-1m") {
    settings.users = 6040;
    settings.items = 3706;
    settings.ratings = 1'000'209;
    settings.round_to = 1;
    settings.lowest = 1;
  } else if (name == "20m") {
    settings.users = 138'000;
    settings.items = 27'000;
    settings.ratings = 18'000'000;
  } else if (name == "small") {
    settings.users = 600;
    settings.items = 400;
    settings.ratings = 30'000;
  } else {
    throw Error(fmt::format("there is no shape '{}': known are ml-1m, 20m and small", name));
  }
  return settings;
}

RatingMatrix& ratings_of(const std::string& name) {
  static std::string kept;
  static std::unique_ptr<RatingMatrix> ratings;
  if (kept != name) {
    ratings.reset();
    set_threads(0);
    const SyntheticSettings settings = shape(name);
    ratings = std::make_unique<RatingMatrix>(settings.users, settings.items, synthesize(settings).list.ratings);
    kept = name;
  }
  ratings->subtract(0);
  return *ratings;
}

}  // namespace odot::bench
