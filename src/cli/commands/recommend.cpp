// odot recommend
#include "odot/model/recommend.hpp"

#include <fmt/format.h>

#include <limits>
#include <numeric>

#include "cli/command.hpp"
#include "cli/id_list.hpp"
#include "cli/load.hpp"
#include "cli/load_model.hpp"
#include "cli/options/options.hpp"
#include "cli/output/ranked_output.hpp"
#include "cli/output/titles.hpp"
#include "cli/paths.hpp"
#include "odot/core/error.hpp"
#include "odot/core/stopwatch.hpp"

namespace odot::cli {
namespace {

void check(const Options& options) {
  if (options.given("user") && options.given("users")) throw UsageError("--user and --users cannot both be given");
  if (options.given("seed") && options.choice("by", "mean") != "sample") {
    throw UsageError("--seed is of no use without --by sample");
  }
  if (options.given("exclude")) return;
  for (const char* name : {"separator", "columns", "header", "no-header"}) {
    if (options.given(name)) throw UsageError(fmt::format("--{} is of no use without --exclude RATINGS", name));
  }
}

std::vector<Index> choose_users(const Factorization& model, const Options& options) {
  if (options.given("users")) return read_ids(options.text("users"), model.users, "user", false);
  if (options.given("user")) return find_ids(options.texts("user"), model.users, "user");
  std::vector<Index> users(model.users.size());
  std::iota(users.begin(), users.end(), Index{0});
  return users;
}

std::vector<Index> choose_items(const Factorization& model, const Options& options) {
  const std::string& path = options.text("only");
  std::vector<Index> items = read_ids(path, model.items, "item", true);
  const std::size_t named = items.size();
  std::erase(items, kUnknown);
  if (items.empty()) throw Error(fmt::format("{}: found no item that the model knows", path));
  if (!options.quiet())
    log(fmt::format("{}: {} items, {} of them unknown to the model\n", path, named, named - items.size()));
  return items;
}

}  // namespace

Options declare_recommend() {
  Options options(
      "odot recommend MODEL [options]",
      "Lists the items with the highest predicted ratings for users that MODEL, a factorisation, knows. Scores are\n"
      "predictions as they are before clipping; equal ones are ranked in the order in which training met the items.");
  options.arguments("MODEL", 1, 1);
  options.group("Users and items");
  options.value("top,n", "N", "so many items for each user, or all where there are fewer (default 10)");
  options.values("user,u", "ID", "for this user; may be given several times, or as a list with commas between");
  options.value("users", "FILE", "for the users in this file, an id a line; by default for all that the model knows");
  options.values("exclude,x", "RATINGS",
                 "leave out what users have rated: rating files (no ratings are needed, pairs will do) or one .odr "
                 "file; may be given several times");
  options.value("only", "FILE", "choose from the items in this file, an id a line; others are left out");
  options.value(
      "by", "WHAT",
      "what is ranked by, and shown: the predicted mean; lower or upper, one standard deviation of what is not "
      "known of factors and biases below or above it; sample, the prediction by factors that are drawn from "
      "their distributions. All but mean are for models that know these (methods variational and gibbs) (default mean)",
      {"mean", "lower", "upper", "sample"});
  options.value("seed", "N", "of --by sample (default 1)");
  options.group("Results");
  RankedOutput::declare(options);
  Titles::declare(options);
  options.reading_group(true);
  options.common_group();
  return options;
}

int run_recommend(const Arguments& arguments) {
  Options options = declare_recommend();
  if (!options.parse(arguments)) return kDone;
  RecommendSettings settings;
  settings.top = static_cast<std::size_t>(options.integer("top", 10, 1, std::numeric_limits<Index>::max()));
  const std::string by = options.choice("by", "mean");
  if (by == "lower") settings.by = RankBy::lower;
  if (by == "upper") settings.by = RankBy::upper;
  const std::uint64_t seed = options.seed(1);
  check(options);
  const std::string target = options.text("output", "-");
  check_paths({{"-o", target}}, options.inputs({"output"}));
  (void)options.read_settings();
  OutputFile file(target);
  RankedOutput output(file, kItemsForUsers, options);

  Factorization model = load_factors(options.arguments()[0], FactorUse::rank);
  if (by != "mean") require_deviations(options.arguments()[0], model);
  if (by == "sample") draw_factors(model, seed);
  const std::vector<Index> users = choose_users(model, options);
  if (options.given("only")) settings.only = choose_items(model, options);
  const Titles titles(options, model.items);
  const ItemLists seen =
      options.given("exclude") ? load_item_lists(options.texts("exclude"), model, options) : ItemLists();
  if (options.given("exclude")) settings.exclude = &seen;

  const Stopwatch timer;
  output.begin(model.users, model.items, titles);
  const std::size_t shorter = write_recommendations(output, model, users, settings);
  output.end();
  file.commit();
  if (!options.quiet()) {
    log(fmt::format("{} items for each of {} users in {:.3f} s{}\n", settings.top, users.size(), timer.seconds(),
                    shorter > 0 ? fmt::format("; fewer for {} of them: there are no more", shorter) : ""));
  }
  return kDone;
}

}  // namespace odot::cli
