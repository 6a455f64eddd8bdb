// odot import
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/id_list.hpp"
#include "cli/options/options.hpp"
#include "cli/paths.hpp"
#include "odot/core/output_file.hpp"
#include "odot/model/exchange.hpp"
#include "odot/model/model_file.hpp"

namespace odot::cli {

Options declare_import() {
  Options options(
      "odot import FILE -o MODEL [options]",
      "Makes a model of LIBMF's text model FILE, as its mf-train and odot export write it, or - for standard\n"
      "input. Row k of P has the user id k and row k of Q the item id k, as in the ratings that LIBMF was\n"
      "given. The model predicts what LIBMF does, and is not clipped.");
  options.arguments("FILE", 1, 1);
  options.group("Ids and output");
  options.value("users", "FILE", "ids of the rows of P instead of their numbers, one a line");
  options.value("items", "FILE", "likewise of the rows of Q");
  options.value("output,o", "MODEL", "write the model here (needed)");
  options.flag("json", "print what was made as one JSON object");
  options.common_group();
  return options;
}

int run_import(const Arguments& arguments) {
  Options options = declare_import();
  if (!options.parse(arguments)) return kDone;
  if (!options.given("output")) throw UsageError("-o MODEL is missing");
  if (options.text("output") == "-") throw UsageError("-o must be a file");
  check_paths({{"-o", options.text("output")}}, options.inputs({"output"}));

  OutputFile output(options.text("output"));
  const auto ids = [&](const char* name) {
    return options.given(name) ? read_lines(options.text(name)) : std::vector<std::string>();
  };
  const LibmfImport read = import_libmf(options.arguments()[0], ids("users"), ids("items"));
  save_model(read.model, output);
  output.commit();
  if (options.flag_given("json")) {
    print_json({{"rank", read.model.layout.rank},
                {"users", read.model.layout.users},
                {"items", read.model.layout.items},
                {"empty_users", read.empty_users},
                {"empty_items", read.empty_items}});
  }
  if (!options.quiet()) {
    const auto empty = [](Index count) { return count > 0 ? fmt::format(" ({} empty rows left out)", count) : ""; };
    log(fmt::format("rank {}, {} users{}, {} items{}\n", read.model.layout.rank, read.model.layout.users,
                    empty(read.empty_users), read.model.layout.items, empty(read.empty_items)));
  }
  return kDone;
}

}  // namespace odot::cli
