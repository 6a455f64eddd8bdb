// odot evaluate
#include "odot/model/evaluate.hpp"

#include <fmt/format.h>

#include <iostream>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/load_model.hpp"
#include "cli/options.hpp"

namespace odot::cli {

int run_evaluate(const Arguments& arguments) {
  Options options(
      "odot evaluate MODEL RATINGS... [options]",
      "Measures how well MODEL predicts the ratings. Unknown users and items are predicted from what is known\n"
      "(the mean, the other side's bias; by a neural network, as an average user or item) and counted.");
  options.arguments("MODEL RATINGS...", 2, -1);
  options.group("Results");
  options.flag("json", "print the result as one JSON object");
  options.toggle("clip", "keep predictions in the range of the training ratings (default: as the model was trained)");
  feature_group(options);
  options.reading_group();
  options.common_group();
  if (!options.parse(arguments)) return kDone;

  const Model model = load_model_with_features(options.arguments()[0], options);
  const bool clip = options.on_off("clip", trained_with_clipping(model));
  const ReadResult read = load_ratings({options.arguments().begin() + 1, options.arguments().end()}, options);
  const Evaluation result = evaluate(model, reindex(read.list, model), clip);
  if (options.flag_given("json")) {
    print_json({{"rmse", result.rmse},
                {"mae", result.mae},
                {"ratings", result.ratings},
                {"unknown_users", result.unknown_users},
                {"unknown_items", result.unknown_items}});
  } else {
    std::cout << fmt::format("{:<15} {:.4f}\n{:<15} {:.4f}\n{:<15} {}\n", "RMSE", result.rmse, "MAE", result.mae,
                             "ratings", result.ratings);
    std::cout << fmt::format("{:<15} {}\n{:<15} {}\n", "unknown users", result.unknown_users, "unknown items",
                             result.unknown_items);
  }
  return kDone;
}

}  // namespace odot::cli
