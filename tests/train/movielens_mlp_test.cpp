// The accuracy that the document's network reaches on MovieLens, where the machine has the files.
#include <doctest/doctest.h>

#include "odot/ratings/read.hpp"
#include "odot/train/train.hpp"
#include "support/mlp_problem.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

TEST_CASE("the document's network on ML-1M, after a few epochs") {
  const auto ratings = test::movielens("ml-1m/ratings.dat");
  const auto users = test::movielens("ml-1m/users.dat");
  const auto items = test::movielens("ml-1m/movies.dat");
  if (!ratings || !users || !items) {
    MESSAGE("skipped: there is no ml-1m; ODOT_DATA may name a folder that has it");
    return;
  }
  const test::Data data = test::hold_out(read_ratings({*ratings}).list, 0.1, 1);
  TrainSettings settings{.method = "mlp"};
  settings.iterations = 2;
  const test::NetworkResult result =
      test::train_network(data.train, data.valid, read_features(*users), read_features(*items), settings);
  CHECK(result.model.layers == std::vector<std::size_t>{23, 64, 128, 64, 1});
  CHECK(result.report.valid->rmse <= 1.06);  // the mean predictor has 1.117, and many epochs come to 1.03
}

}  // namespace
}  // namespace odot
