// A program outside odot that uses the installed library: makes ratings, trains on them, saves and loads the model, and
// minimises a function of its own.
#include <cmath>
#include <cstdio>
#include <exception>
#include <odot/odot.hpp>
#include <string>
#include <utility>

namespace {

int failures = 0;
void expect(bool condition, const char* what) {
  std::printf("%s: %s\n", what, condition ? "yes" : "NO");
  if (!condition) ++failures;
}

void train_and_predict(const std::string& folder) {
  odot::SyntheticSettings settings;
  settings.users = 60;
  settings.items = 40;
  settings.ratings = 1500;
  const odot::Synthetic data = odot::synthesize(settings);
  const odot::Split split = odot::split_ratings(data.list, 0.1, 1);
  const odot::Triples held_out = odot::select(data.list.ratings, split.test);
  odot::RatingList training{data.list.users, data.list.items, odot::select(data.list.ratings, split.train)};
  const double deviation = odot::summarize(training.ratings.value).deviation;

  odot::TrainSettings train_settings;
  train_settings.rank = 4;
  const odot::TrainResult result = odot::train({std::move(training), held_out}, train_settings);
  expect(result.report.train.rmse < deviation, "training beats the mean on the training ratings");
  expect(result.report.valid && result.report.valid->rmse < deviation, "and on the held-out ones");

  const std::string path = folder + "/model.safetensors";
  odot::save_model(*result.model, path);
  const odot::Factorization loaded = odot::load_factorization(path);
  const odot::Index user = loaded.users.find("1");
  const odot::Index item = loaded.items.find("2");
  expect(user != odot::kUnknown && item != odot::kUnknown, "the ids are in the loaded model");
  double trained = 0;
  result.model->predict({{user}, {item}, {}}, false, {&trained, 1});
  expect(loaded.predict(user, item) == trained, "the loaded model predicts the same");
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
    expect(std::string(error.what()).find("missing.csv") != std::string::npos, "errors arrive as odot::Error");
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
  minimize_own_function();
  refuse(argv[1]);
  return failures == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "consumer: %s\n", error.what());
  return 1;
}
