// odot similar
#include <fmt/format.h>

#include <limits>

#include "cli/command.hpp"
#include "cli/id_list.hpp"
#include "cli/load_model.hpp"
#include "cli/options/options.hpp"
#include "cli/output/ranked_output.hpp"
#include "cli/output/titles.hpp"
#include "cli/paths.hpp"
#include "odot/model/recommend.hpp"

namespace odot::cli {
namespace {

constexpr RankedKind kItems{"item", "item", "similar", "similar"};
constexpr RankedKind kUsers{"user", "user", "similar", "similar"};

}  // namespace

Options declare_similar() {
  Options options(
      "odot similar MODEL --item ID | --user ID [options]",
      "Lists the items whose factors in MODEL, a factorisation, are most similar to an item's, or the users whose are\n"
      "to a user's. Biases are left out: they say how well something is liked, not by whom.");
  options.arguments("MODEL", 1, 1);
  options.group("What is compared");
  options.values(
      "item,i", "ID",
      "items similar to this one, by its id, or by its title with --items; may be given several times, or as a list "
      "with commas between");
  options.values("user,u", "ID", "users similar to this one; likewise, but users have no titles");
  options.value("top,n", "N", "so many, or all where there are fewer (default 10)");
  options.value("metric", "WHICH", "cosine: of the angle between factors; dot: their inner product (default cosine)",
                {"cosine", "dot"});
  options.group("Results");
  RankedOutput::declare(options);
  Titles::declare(options);
  options.common_group();
  return options;
}

int run_similar(const Arguments& arguments) {
  Options options = declare_similar();
  if (!options.parse(arguments)) return kDone;
  const auto top = static_cast<std::size_t>(options.integer("top", 10, 1, std::numeric_limits<Index>::max()));
  const Similarity similarity = options.choice("metric", "cosine") == "dot" ? Similarity::dot : Similarity::cosine;
  if (options.given("item") == options.given("user")) {
    throw UsageError(options.given("item") ? "--item and --user cannot both be given"
                                           : "--item ID or --user ID is missing");
  }
  const bool of_items = options.given("item");
  if (!of_items && options.given("items")) throw UsageError("--items is of no use with --user: users have no titles");
  const std::string target = options.text("output", "-");
  check_paths({{"-o", target}}, options.inputs({"output"}));
  OutputFile file(target);
  RankedOutput output(file, of_items ? kItems : kUsers, options);

  const Factorization model = load_factors(options.arguments()[0], FactorUse::rank);
  const IdTable& ids = of_items ? model.items : model.users;
  const char* what = of_items ? "item" : "user";
  const Titles titles(options, model.items);
  const std::vector<Index> asked = find_ids(options.texts(what), ids, what, titles);
  output.begin(ids, ids, titles);
  for (Index index : asked) {
    output.write(index, similar(model.view(), of_items ? Among::items : Among::users, index, top, similarity));
  }
  output.end();
  file.commit();
  return kDone;
}

}  // namespace odot::cli
