// A program outside odot that uses the installed library: makes ratings, stores them, and minimises a function.
#include <cmath>
#include <cstdio>
#include <exception>

#include "odot/core/error.hpp"
#include "odot/optim/minimize.hpp"
#include "odot/optim/registry.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/ratings/split.hpp"
#include "odot/ratings/synthetic.hpp"

namespace {

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

int failures = 0;
void expect(bool condition, const char* what) {
  std::printf("%s: %s\n", what, condition ? "yes" : "NO");
  if (!condition) ++failures;
}

}  // namespace

int main() try {
  odot::SyntheticSettings settings;
  settings.users = 40;
  settings.items = 30;
  settings.ratings = 600;
  const odot::Synthetic data = odot::synthesize(settings);
  const odot::Split split = odot::split_ratings(data.list, 0.1, 1);
  const odot::RatingMatrix matrix(data.list.users.size(), data.list.items.size(),
                                  odot::select(data.list.ratings, split.train));
  expect(matrix.size() + split.test.size() == 600, "every rating is in one part");
  expect(matrix.by_item().size() == matrix.size(), "both orientations hold all ratings");

  Bowl bowl;
  odot::Vector x(bowl.size());
  const auto direction = odot::make_direction("lbfgs");
  const auto rule = odot::make_step_rule(odot::find_optimizer("lbfgs").default_partner);
  const odot::Summary summary = odot::minimize(bowl, *direction, *rule, {}, x);
  expect(summary.value < 1e-6, "the minimum is found");

  bool refused = false;
  try {
    odot::make_direction("no-such-optimizer");
  } catch (const odot::Error&) {
    refused = true;
  }
  expect(refused, "errors arrive as odot::Error");
  return failures == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "consumer: %s\n", error.what());
  return 1;
}
