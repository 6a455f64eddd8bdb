// odot fold-in
#include "odot/train/fold_in.hpp"

#include <fmt/format.h>

#include <iostream>
#include <limits>
#include <memory>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/load_model.hpp"
#include "cli/options/options.hpp"
#include "cli/output/ranked_output.hpp"
#include "cli/paths.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/model/model_file.hpp"

namespace odot::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr const char* kTitles = "item-titles";  // --items says what is folded in

void check(const Options& options) {
  const bool top = options.given("top");
  if (!options.given("output") && !top) {
    throw UsageError("there is nothing to do: -o FILE writes a model with them added, --top N prints recommendations");
  }
  if (top && options.flag_given("items")) {
    throw UsageError(
        "--top recommends to users, which --items does not fold in; titles of the items in the lists are given by "
        "--item-titles FILE");
  }
  if (top && options.flag_given("json")) {
    throw UsageError(
        "--json and the lists of --top cannot both go to standard output: --format jsonl gives lists in JSON");
  }
  for (const char* name : {"format", "item-titles", "titles"}) {
    if (!top && options.given(name)) throw UsageError(fmt::format("--{} is of no use without --top N", name));
  }
  if (options.arguments().size() < 2 && !options.given("features")) {
    throw UsageError("there is nothing to fold in: give RATINGS, or --features FILE of a model that knows features");
  }
  if (!options.given("output")) {
    check_paths({}, options.inputs({}));
    return;
  }
  if (options.text("output") == "-") throw UsageError("-o needs a file: standard output is for the report");
  check_paths({{"-o", options.text("output")}}, options.inputs({"output"}));
}

FoldInSettings settings_of(const Options& options) {
  FoldInSettings settings{.items = options.flag_given("items"), .update = options.flag_given("update")};
  if (options.given("lambda") || options.given("lambda-per-rating")) {
    settings.regularisation =
        Regularisation{options.number("lambda", 0, 0, kInfinity), options.number("lambda-per-rating", 0, 0, kInfinity)};
  }
  return settings;
}

// Features as those that the model was trained on.
FeatureTable newcomer_features(const Factorization& model, const Options& options, bool items) {
  const char* what = items ? "items" : "users";
  const SidePrior* prior = !model.posterior ? nullptr : items ? &model.posterior->items : &model.posterior->users;
  if (!prior || !prior->features) {
    throw UsageError(
        fmt::format("--features is of no use: {} was trained without features of {}", options.arguments()[0], what));
  }
  FeatureTable table = read_features(options.text("features"), prior->features->encoding);
  if (!options.quiet()) log(fmt::format("{}: features of {} {}\n", table.path, table.ids.size(), what));
  return table;
}

std::string count_of(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string to_text(const FoldInReport& report, const Factorization& model, bool items) {
  const char* user = items ? "item" : "user";
  const char* item = items ? "user" : "item";
  std::string text;
  const auto line = [&](const std::string& name, const std::string& value) {
    text += fmt::format("{:<15} {}\n", name, value);
  };
  line("ratings", fmt::format("{} of {}", report.ratings, count_of(report.users.size() - report.by_features, user)));
  if (report.skipped_ratings > 0) {
    line("skipped", fmt::format("{} of {} that the model does not know", count_of(report.skipped_ratings, "rating"),
                                count_of(report.unknown_items, item)));
  }
  if (const auto& by = report.regularisation) {
    line("lambda",
         fmt::format("{:.4g}{}", by->lambda, by->per_rating > 0 ? fmt::format(" + {:.4g} n", by->per_rating) : ""));
  }
  std::string rows = fmt::format("{} added", report.added);
  if (report.by_features > 0) rows += fmt::format(" ({} by features alone)", report.by_features);
  if (report.updated > 0) rows += fmt::format(", {} updated", report.updated);
  if (report.without_ratings > 0)
    rows += fmt::format(", {} left out for want of known {}s", report.without_ratings, item);
  if (report.known_features > 0) {
    rows += fmt::format(", features of {} that the model knows left aside", report.known_features);
  }
  line(fmt::format("{}s", user), rows);
  line("model", fmt::format("rank {}, {} users, {} items", model.layout.rank, model.layout.users, model.layout.items));
  return text;
}

Json to_json(const FoldInReport& report, const Factorization& model, bool items, double seconds) {
  Json json{{"side", items ? "items" : "users"},
            {"added", report.added},
            {"updated", report.updated},
            {"by_features", report.by_features},
            {"known_features", report.known_features},
            {"without_ratings", report.without_ratings},
            {"ratings", report.ratings},
            {"skipped_ratings", report.skipped_ratings},
            {items ? "unknown_users" : "unknown_items", report.unknown_items}};
  const auto& by = report.regularisation;
  json["lambda"] = by ? Json(by->lambda) : Json();
  json["lambda_per_rating"] = by ? Json(by->per_rating) : Json();
  json["rank"] = model.layout.rank;
  json["users"] = model.layout.users;
  json["items"] = model.layout.items;
  json["seconds"] = seconds;
  return json;
}

}  // namespace

Options declare_fold_in() {
  Options options(
      "odot fold-in MODEL [RATINGS...] [--features FILE] (-o FILE | --top N) [options]",
      "Finds factors and biases for users that training never saw, from their ratings alone: exactly those that one\n"
      "more half-sweep of training would give them, everything else in MODEL, a factorisation, staying as it is.\n"
      "Ratings of items that MODEL does not know are counted and skipped. Where MODEL was trained with features of\n"
      "users, those of newcomers count too, and RATINGS are not needed.");
  options.arguments("MODEL [RATINGS...]", 1, -1);
  options.group("Folding in");
  options.flag("items", "fold in items from ratings by users that the model knows, instead of users");
  options.flag("update",
               "replace the factors of users (or items) that the model knows already by what RATINGS alone give; "
               "without it they are an error");
  options.value(
      "features", "FILE",
      "features of the users (or items) that are folded in, with the columns that MODEL was trained on; those "
      "who have no ratings get the factors that are to be expected by features alone. Users whom MODEL knows "
      "and who have no ratings here stay as they are");
  options.value("lambda", "L",
                "regularisation: L + C n for a user with n ratings of known items (default: as the model was trained; "
                "where only one of L and C is given, the other is 0). Of no use to models that have "
                "learned priors, those of methods variational and gibbs");
  options.value("lambda-per-rating", "C", "see --lambda");
  options.group("Results");
  options.value("output,o", "FILE", "write the model with them added here");
  options.value("top,n", "N", "print the N items with the highest predicted ratings that each of them has not rated");
  RankedOutput::declare_format(options);
  Titles::declare(options, kTitles);
  options.flag("json", "print the report as one JSON object");
  options.reading_group();
  options.common_group();
  return options;
}

int run_fold_in(const Arguments& arguments) {
  Options options = declare_fold_in();
  if (!options.parse(arguments)) return kDone;
  check(options);
  FoldInSettings settings = settings_of(options);
  RecommendSettings lists;
  lists.top = static_cast<std::size_t>(options.integer("top", 10, 1, std::numeric_limits<Index>::max()));
  (void)options.read_settings();
  std::unique_ptr<OutputFile> saved;
  if (options.given("output")) saved = std::make_unique<OutputFile>(options.text("output"));
  OutputFile out("-");
  RankedOutput output(out, kItemsForUsers, options);

  Factorization model = load_factors(options.arguments()[0], FactorUse::fold_in);
  const std::vector<std::string> files(options.arguments().begin() + 1, options.arguments().end());
  const RatingList list = files.empty() ? RatingList() : load_ratings(files, options).list;
  if (options.given("features")) settings.features = newcomer_features(model, options, settings.items);
  const Titles titles(options, model.items, kTitles);
  const Stopwatch timer;
  const FoldInReport report = [&] {
    try {
      return fold_in(model, list, settings);
    } catch (const Error& error) {
      throw error.at(options.arguments()[0]);
    }
  }();
  const double seconds = timer.seconds();
  if (saved) save_model(model, *saved);
  std::string text = to_text(report, model, settings.items);
  if (saved) text += fmt::format("{:<15} {}\n", "written to", saved->path());

  if (options.given("top")) {
    const ItemLists rated(model.layout.users, reindex(list, model.users, model.items));
    lists.exclude = &rated;
    output.begin(model.users, model.items, titles);
    write_recommendations(output, model, report.users, lists);
    output.end();
    out.commit();
  }
  if (saved) saved->commit();
  if (options.flag_given("json")) {
    print_json(to_json(report, model, settings.items, seconds));
  } else if (!options.given("top")) {
    std::cout << text;
  } else if (!options.quiet()) {
    log(text);
  }
  return kDone;
}

}  // namespace odot::cli
