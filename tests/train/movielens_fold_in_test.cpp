// Users, and items, of MovieLens that are left out whole: folded in, they are predicted as after training with them.
#include <doctest/doctest.h>

#include "odot/ratings/read.hpp"
#include "odot/train/fold_in.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

RatingList with_ratings(const RatingList& list, const std::vector<std::size_t>& positions) {
  RatingList part;
  for (const std::size_t k : positions) {
    part.ratings.user.push_back(part.users.add(list.users[list.ratings.user[k]]));
    part.ratings.item.push_back(part.items.add(list.items[list.ratings.item[k]]));
    part.ratings.value.push_back(list.ratings.value[k]);
  }
  return part;
}

struct Errors {
  double folded;
  double retrained;
  double unknown;  // where the model knows nothing of those that were left out
};

// A fifth of the users (or items) are left out of training. Of their ratings, four fifths are folded in, and the errors
// are on the others.
Errors leave_out(const RatingList& list, bool items, const TrainSettings& settings) {
  const std::vector<Index>& row = items ? list.ratings.item : list.ratings.user;
  const std::vector<std::size_t> group = fold_numbers(items ? list.items.size() : list.users.size(), 5, 1);
  const std::vector<std::size_t> part = fold_numbers(list.ratings.size(), 5, 2);
  std::vector<std::size_t> others;
  std::vector<std::size_t> own;
  std::vector<std::size_t> test;
  for (std::size_t k = 0; k < list.ratings.size(); ++k) {
    (group[row[k]] != 0 ? others : part[k] != 0 ? own : test).push_back(k);
  }
  const RatingList held = with_ratings(list, test);
  const auto error = [&](const Factorization& model) {
    return evaluate(model.view(), reindex(held, model.users, model.items), true).rmse;
  };
  Errors errors{};
  Factorization model = test::train(with_ratings(list, others), {}, settings).model;
  errors.unknown = error(model);
  const FoldInReport report = fold_in(model, with_ratings(list, own), {.items = items});
  CHECK(report.added > (items ? 600 : 1100));
  CHECK(report.updated == 0);
  errors.folded = error(model);
  others.insert(others.end(), own.begin(), own.end());
  errors.retrained = error(test::train(with_ratings(list, others), {}, settings).model);
  MESSAGE((items ? "items" : "users") << " of " << *settings.method << ", rank " << settings.rank.value_or(16)
                                      << ": folded in " << errors.folded << ", retrained " << errors.retrained
                                      << ", unknown " << errors.unknown);
  return errors;
}

TEST_CASE("users of ML-1M that are folded in are predicted within 0.01 of what full retraining gives") {
  const std::optional<std::string> path = test::movielens("ml-1m/ratings.dat");
  if (!path) {
    MESSAGE("skipped: there is no ml-1m/ratings.dat; ODOT_DATA may name a folder that has it");
    return;
  }
  const RatingList list = read_ratings({*path}).list;
  for (const std::string method : {"blocks", "full", "nnmf"}) {
    const Errors errors = leave_out(list, false, {.method = method});
    CHECK(errors.folded <= errors.retrained + 0.01);
    CHECK(errors.folded < errors.unknown - 0.05);
  }
  const Errors items = leave_out(list, true, {.method = "blocks"});
  CHECK(items.folded <= items.retrained + 0.01);
  CHECK(items.folded < items.unknown - 0.05);
}

}  // namespace
}  // namespace odot
