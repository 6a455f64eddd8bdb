// odot export
#include <fmt/format.h>

#include <filesystem>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load_model.hpp"
#include "cli/options/options.hpp"
#include "cli/paths.hpp"
#include "odot/model/exchange.hpp"
#include "odot/model/model_file.hpp"

namespace odot::cli {
namespace {

// "6041 rows, numbered by id; 1 of them empty", or where the ids are.
std::string describe(const LibmfRows& rows, Index known, const std::string& id_file) {
  if (!rows.by_id) return fmt::format("{} rows, whose ids are in {}", rows.rows, rows.id_file);
  return fmt::format("{} rows, numbered by id{}{}", rows.rows,
                     rows.rows > known ? fmt::format("; {} of them empty", rows.rows - known) : "",
                     std::filesystem::exists(id_file) ? fmt::format(" ({} is of something else)", id_file) : "");
}

}  // namespace

Options declare_export() {
  Options options("odot export MODEL --format npy|csv|libmf -o PATH [options]",
                  "Writes MODEL in the format of other programs.");
  options.arguments("MODEL", 1, 1);
  options.group("Output");
  options.value("format", "WHICH",
                "one of these (needed)\n"
                "npy    a folder with an array of NumPy for each tensor, U.npy, V.npy, …, ids and metadata as text\n"
                "csv    a folder with users.csv and items.csv, a line of id, bias and factors for each row\n"
                "libmf  LIBMF's text model, which its mf-predict reads: mean and biases become columns of P and Q",
                {"npy", "csv", "libmf"});
  options.value("output,o", "PATH", "the folder, new or empty, or the file to write (needed)");
  options.flag("json", "print what was written as one JSON object");
  options.common_group();
  return options;
}

int run_export(const Arguments& arguments) {
  Options options = declare_export();
  if (!options.parse(arguments)) return kDone;
  if (!options.given("format")) throw UsageError("--format is missing: npy, csv or libmf");
  if (!options.given("output")) throw UsageError("-o PATH is missing");
  const std::string format = options.choice("format", "");
  const std::string target = options.text("output");
  if (target == "-") throw UsageError(format == "libmf" ? "-o must be a file" : "-o must be a folder");
  std::vector<NamedPath> outputs{{"-o", target}};
  if (format == "libmf") {
    for (const char* ids : {".users", ".items"}) outputs.push_back({"-o", target + ids});
  }
  check_paths(outputs, options.inputs({"output"}));

  const std::string& path = options.arguments()[0];
  // The files of a folder come together: a first Ctrl-C has to wait for them.
  const InterruptGuard guard;
  Json report{{"format", format}};
  const auto report_ids = [&](const Model& model) {
    report["users"] = model.users.size();
    report["items"] = model.items.size();
  };
  if (format == "npy") {
    const std::unique_ptr<Model> model = load_model(path);
    export_npy(*model, target);
    report_ids(*model);
  } else if (format == "csv") {
    const Factorization model = load_factors(path, FactorUse::export_factors);
    export_csv(model, target);
    report_ids(model);
    report["rank"] = model.layout.rank;
  } else {
    const Factorization model = load_factors(path, FactorUse::export_factors);
    const LibmfExport made = export_libmf(model, target);
    report_ids(model);
    report["rank"] = made.rank;
    if (!options.quiet()) {
      log(fmt::format("P (users): {}\nQ (items): {}\nrank {}{}\n",
                      describe(made.users, model.users.size(), target + ".users"),
                      describe(made.items, model.items.size(), target + ".items"), made.rank,
                      made.rank > model.layout.rank ? fmt::format(", {} of them for {}", made.rank - model.layout.rank,
                                                                  model.layout.biases ? "mean and biases" : "the mean")
                                                    : ""));
    }
  }
  if (options.flag_given("json")) print_json(report);
  if (!options.quiet()) log(fmt::format("written to {}\n", target));
  return kDone;
}

}  // namespace odot::cli
