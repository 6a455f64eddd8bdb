// odot evaluate
#include "odot/model/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/load_model.hpp"
#include "cli/options.hpp"

namespace odot::cli {
namespace {

constexpr Offset kAtOnce = Offset{1} << 24;  // ratings

// The index of each id in a model, or kUnknown.
struct Translation {
  std::vector<Index> users;
  std::vector<Index> items;
};

Translation translate(const RatingData& data, const Model& model) {
  const auto own_numbers = [](Index count) {
    std::vector<Index> numbers(count);
    std::iota(numbers.begin(), numbers.end(), Index{0});
    return numbers;
  };
  // A list that has each user and each item once.
  const Index most = std::max(data.users.size(), data.items.size());
  RatingList list{data.users, data.items, {own_numbers(most), own_numbers(most), {}}};
  for (Index& user : list.ratings.user) user = std::min(user, data.users.size() - 1);
  for (Index& item : list.ratings.item) item = std::min(item, data.items.size() - 1);
  Triples found = reindex(list, model);
  found.user.resize(data.users.size());
  found.item.resize(data.items.size());
  return {std::move(found.user), std::move(found.item)};
}

// Some of the file at a time, so that it need not fit into memory.
Evaluation evaluate_odr(const Model& model, const RatingData& data, bool clip) {
  Evaluation total;
  if (data.ratings.size() == 0) return total;
  const auto [users, items] = translate(data, model);
  double squares = 0;
  double absolutes = 0;
  for (Offset begin = 0; begin < data.ratings.size(); begin += kAtOnce) {
    const Offset end = std::min(begin + kAtOnce, data.ratings.size());
    const Evaluation part = evaluate(model, read_triples(data.ratings, begin, end, users, items), clip);
    squares += part.rmse * part.rmse * static_cast<double>(part.ratings);
    absolutes += part.mae * static_cast<double>(part.ratings);
    total.ratings += part.ratings;
    total.unknown_users += part.unknown_users;
    total.unknown_items += part.unknown_items;
  }
  total.rmse = std::sqrt(squares / static_cast<double>(total.ratings));
  total.mae = absolutes / static_cast<double>(total.ratings);
  return total;
}

}  // namespace

int run_evaluate(const Arguments& arguments) {
  Options options(
      "odot evaluate MODEL RATINGS... [options]",
      "Measures how well MODEL predicts the ratings. Unknown users and items are predicted from what is known\n"
      "(the mean, the other side's bias; by a neural network, as an average user or item) and counted.");
  options.arguments("MODEL RATINGS...", 2, -1);
  options.group("Results");
  options.flag("json", "print the result as one JSON object");
  options.toggle("clip", "keep predictions in the range of the training ratings (default: as the model was trained)");
  memory_option(options, "for the ratings of an .odr file");
  feature_group(options);
  options.reading_group();
  options.common_group();
  if (!options.parse(arguments)) return kDone;

  const Model model = load_model_with_features(options.arguments()[0], options);
  const bool clip = options.on_off("clip", trained_with_clipping(model));
  const std::vector<std::string> files(options.arguments().begin() + 1, options.arguments().end());
  const Evaluation result = is_one_odr(files)
                                ? evaluate_odr(model, load_odr(files[0], options), clip)
                                : evaluate(model, reindex(load_ratings(files, options).list, model), clip);
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
