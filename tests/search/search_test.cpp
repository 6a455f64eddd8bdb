// What a search trains.
#include "odot/search/search.hpp"

#include <doctest/doctest.h>

#include <string>

#include "odot/ratings/split.hpp"
#include "odot/ratings/synthetic.hpp"
#include "odot/search/cross_validation.hpp"
#include "odot/search/space.hpp"
#include "odot/train/train.hpp"

namespace odot {
namespace {

std::vector<int> limits(const TrainSettings& base) {
  const RatingList list = synthesize({.users = 40, .items = 30, .ratings = 500, .seed = 2}).list;
  const Dataset data = make_fold(Dataset(list), split_ratings(list, 0.2, 1));
  SearchSettings space;
  space.dimensions = {parse_dimension("rank", "1..9", true)};
  space.settings_of = [&](const Point& point) { return at_point(base, space.dimensions, point); };
  space.trials = 9;
  std::vector<int> out;
  for (const SearchResult& result : search(space, {data}).results) out.push_back(result.limit);
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

TEST_CASE(
    "rungs have a ninth and a third of the iterations, or more where fewer do not tell what a model will be worth") {
  CHECK(limits({.method = "blocks", .iterations = 18}) == std::vector<int>{2, 6, 18});
  CHECK(limits({.method = "variational", .iterations = 27, .svdpp = "none"}) == std::vector<int>{6, 13, 27});
  CHECK(limits({.method = "variational", .iterations = 4, .svdpp = "none"}) == std::vector<int>{4});
  TrainSettings sampler{.method = "gibbs", .iterations = 36, .svdpp = "none"};
  set(sampler, "burn-in", "4");
  set(sampler, "keep", "2");
  CHECK(limits(sampler) == std::vector<int>{14, 22, 36});
}

}  // namespace
}  // namespace odot
