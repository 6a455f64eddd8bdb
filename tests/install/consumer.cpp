// A program outside odot that uses the installed library: makes ratings, trains on them, saves and loads the model, and
// minimises a function of its own.
#include <cmath>
#include <cstdio>
#include <exception>
#include <odot/odot.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

int failures = 0;
void expect(bool condition, const char* what) {
  std::printf("%s: %s\n", what, condition ? "yes" : "NO");
  if (!condition) ++failures;
}

void train_and_predict(const std::string& folder) {
  const odot::Synthetic data = odot::synthesize({.users = 60, .items = 40, .ratings = 1500});
  const odot::Split split = odot::split_ratings(data.list, 0.1, 1);
  odot::Triples held_out = odot::select(data.list.ratings, split.test);
  odot::RatingList training{data.list.users, data.list.items, odot::select(data.list.ratings, split.train)};
  const double deviation = odot::summarize(training.ratings.value).deviation;

  const odot::TrainResult result = odot::train({std::move(training), std::move(held_out)}, {.rank = 4});
  expect(result.report.train.rmse < deviation, "training beats the mean on the training ratings");
  expect(result.report.valid && result.report.valid->rmse < deviation, "and on the held-out ones");

  const std::string path = folder + "/model.safetensors";
  odot::save_model(*result.model, path);
  const odot::Factorization loaded = odot::load_factorization(path);
  const odot::Index user = loaded.users.find("1");
  const odot::Index item = loaded.items.find("2");
  expect(user != odot::kUnknown && item != odot::kUnknown, "the ids are in the loaded model");
  const auto& made = dynamic_cast<const odot::Factorization&>(*result.model);
  expect(loaded.predict(user, item) == made.predict(user, item), "the loaded model predicts the same");
}

// Settings by the names of their members; what is not named has its default, without a warning.
void open_and_search(const std::string& folder) {
  const std::string ratings = folder + "/ratings.csv";
  std::string text = "user;item;rating\n";
  for (int user = 0; user < 30; ++user) {
    for (int item = 0; item < 20; ++item) {
      if ((user * 3 + item) % 4 == 0) continue;
      text += std::to_string(user) + ";" + std::to_string(item) + ";" + std::to_string(1 + user * item % 5) + "\n";
    }
  }
  odot::OutputFile file(ratings);
  file.write(text);
  file.commit();
  const odot::ReadSettings reading{.header = true};
  odot::Dataset data = odot::open_ratings({ratings}, reading).data;
  const odot::TrainSettings base{.rank = 8, .iterations = 3};
  const odot::CheckpointSettings checkpoints{.path = folder + "/checkpoint", .iterations = 2};
  const odot::TrainResult result = odot::train(data, base, {}, checkpoints);
  expect(result.report.optimisation.counts.iterations == 3, "what was opened is trained on");
  const odot::CheckpointSettings resume{.resume = folder + "/checkpoint"};
  expect(odot::train(data, base, {}, resume).report.train.rmse == result.report.train.rmse, "and resumed");

  const std::vector<odot::Dimension> space{odot::parse_dimension("rank", "2,4", true)};
  const odot::SearchSettings search{
      .dimensions = space,
      .settings_of = [&](const odot::Point& point) { return odot::at_point(base, space, point); },
      .rungs = 1,
      .trials = 2};
  const odot::RatingList all{data.users, data.items, data.list};
  const std::vector<odot::Dataset> folds{odot::make_fold(data, odot::split_ratings(all, 0.2, 1))};
  const odot::SearchOutcome outcome = odot::search(search, folds);
  expect(outcome.best.has_value(), "a search finds a best point");
}

// ‖x − 1‖², which has its minimum 0 where every element is 1.
class Bowl : public odot::Objective {
 public:
  std::size_t size() const override { return 5; }
  double value_gradient(odot::ConstSpan x, odot::Span gradient) override {
    double value = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      gradient[i] = 2 * (x[i] - 1);
      value += std::pow(static_cast<double>(x[i]) - 1, 2);
    }
    return value;
  }
};

void minimize_own_function() {
  Bowl bowl;
  odot::Vector x(bowl.size());
  const auto direction = odot::make_direction("lbfgs");
  const auto rule = odot::make_step_rule(odot::find_optimizer("lbfgs").default_partner);
  const odot::Summary summary = odot::minimize(bowl, *direction, *rule, {}, x);
  expect(summary.value < 1e-6, "the minimum of a function of its own is found");
}

void refuse(const std::string& folder) {
  try {
    odot::read_ratings({folder + "/missing.csv"});
    expect(false, "errors arrive as odot::Error");
  } catch (const odot::Error& error) {
    expect(
        std::string(error.what()).find("missing.csv") != std::string::npos && error.kind() == odot::ErrorKind::system,
        "errors arrive as odot::Error");
  }
  try {
    odot::check(odot::TrainSettings{.rank = -1});
    expect(false, "errors of settings say which");
  } catch (const odot::Error& error) {
    expect(error.setting() == "rank" && error.kind() == odot::ErrorKind::usage, "errors of settings say which");
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: consumer FOLDER\n");
    return 2;
  }
  expect(std::string(odot::version()) == odot::kVersion, "the library is as new as its headers");
  train_and_predict(argv[1]);
  open_and_search(argv[1]);
  minimize_own_function();
  refuse(argv[1]);
  return failures == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "consumer: %s\n", error.what());
  return 1;
}
