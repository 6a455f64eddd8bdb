// Recommendations for all users of MovieLens, where the machine has it, against scoring every item by itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "odot/model/recommend.hpp"
#include "odot/ratings/read.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

TEST_CASE("the ten best unseen items of all users of ML-1M at rank 64 are those of a naive scoring") {
  const std::optional<std::string> path = test::movielens("ml-1m/ratings.dat");
  if (!path) {
    MESSAGE("skipped: there is no ml-1m/ratings.dat; ODOT_DATA may name a folder that has it");
    return;
  }
  const RatingList list = read_ratings({*path}).list;
  TrainSettings settings{.method = "blocks"};
  settings.rank = 64;
  settings.iterations = 5;
  const Factorization model = test::train(RatingData(RatingList(list)), {}, settings).model;
  const ItemLists seen(model.layout.users, reindex(list, model.users, model.items));
  CHECK(seen.size() == list.ratings.size());
  std::vector<Index> users(model.layout.users);
  std::iota(users.begin(), users.end(), Index{0});
  const TopLists found = recommend(model.view(), users, {.exclude = &seen});
  std::vector<int> wrong(users.size());
  parallel_for(users.size(), [&](std::size_t user) {
    std::vector<Scored> all;
    for (Index item = 0; item < model.layout.items; ++item) {
      if (std::ranges::binary_search(seen[users[user]], item)) continue;
      all.push_back({item, model.predict(users[user], item)});
    }
    std::stable_sort(all.begin(), all.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
    wrong[user] = found[user].size() != 10 || !std::equal(found[user].begin(), found[user].end(), all.begin());
  });
  CHECK(std::accumulate(wrong.begin(), wrong.end(), 0) == 0);
}

}  // namespace
}  // namespace odot
