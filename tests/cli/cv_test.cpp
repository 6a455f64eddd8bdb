// odot cv: folds by hand, and what makes none.
#include <cmath>

#include "odot/ratings/split.hpp"
#include "program.hpp"

namespace odot::test {
namespace {

TEST_CASE("cv on folds by hand: where λ leaves nothing but the mean, errors are deviations from it") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome outcome = run(folder, {"cv", "r", "--folds", "3", "--seed", "5", "--lambda", "1e12", "--json", "-q"});
  REQUIRE(outcome.code == 0);
  const Json report = Json::parse(outcome.out);
  std::vector<double> values;
  for (const Words& fields : fields_of(small_ratings())) values.push_back(std::stod(fields.at(2)));
  const std::vector<std::size_t> numbers = fold_numbers(values.size(), 3, 5);
  std::vector<double> rmse;
  for (std::size_t fold = 0; fold < 3; ++fold) {
    double sum = 0, squares = 0, sizes = 0;
    int others = 0, count = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (numbers[k] != fold) sum += values[k], ++others;
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (numbers[k] != fold) continue;
      const double error = values[k] - sum / others;
      squares += error * error, sizes += std::abs(error), ++count;
    }
    rmse.push_back(std::sqrt(squares / count));
    CHECK(report["rmse"]["folds"][fold].get<double>() == doctest::Approx(rmse[fold]).epsilon(1e-5));
    CHECK(report["mae"]["folds"][fold].get<double>() == doctest::Approx(sizes / count).epsilon(1e-5));
  }
  const double mean = (rmse[0] + rmse[1] + rmse[2]) / 3;
  double squares = 0;
  for (const double x : rmse) squares += (x - mean) * (x - mean);
  CHECK(report["rmse"]["mean"].get<double>() == doctest::Approx(mean).epsilon(1e-5));
  CHECK(report["rmse"]["standard_deviation"].get<double>() == doctest::Approx(std::sqrt(squares / 2)).epsilon(1e-3));
}

TEST_CASE("cv refuses what makes no folds") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", "a,b,1\na,c,2\n");
  CHECK(run(folder, {"cv", "r", "--folds", "1"}).code == 2);
  const Outcome few = run(folder, {"cv", "r", "--folds", "3"});
  CHECK(few.code == 1);
  check_has(few.err, {"2 ratings cannot be cut into 3 folds"});
  CHECK(run(folder, {"cv", "r", "--method", "mlp"}).code == 2);
  const Outcome single = run(folder, {"cv", "r", "--unobserved"});
  CHECK(single.code == 2);
  check_has(single.err, {"unknown option --unobserved"});
}

}  // namespace
}  // namespace odot::test
