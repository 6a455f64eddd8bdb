// odot convert
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/options/options.hpp"
#include "cli/paths.hpp"
#include "cli/rounding.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/ratings/odr.hpp"

namespace odot::cli {

Options declare_convert() {
  Options options("odot convert RATINGS... -o FILE [options]",
                  "Writes the ratings to one .odr file, from which training starts at once, and which need not fit\n"
                  "into memory. RATINGS are files of user, item and rating, or - for standard input.");
  options.arguments("RATINGS...", 1, -1);
  options.group("Output");
  options.value("output,o", "FILE", "write the ratings here; by custom its name ends in .odr (needed)");
  memory_option(options, "to sort ratings in");
  options.flag("json", "print what was converted as one JSON object");
  options.reading_group();
  options.common_group();
  return options;
}

int run_convert(const Arguments& arguments) {
  Options options = declare_convert();
  if (!options.parse(arguments)) return kDone;
  if (!options.given("output")) throw UsageError("-o FILE is missing");
  if (options.text("output") == "-") throw UsageError("-o must be a file");
  check_paths({{"-o", options.text("output")}}, options.inputs({"output"}));
  const ReadSettings settings = options.read_settings();
  const std::size_t memory = memory_budget(options);

  OutputFile output(options.text("output"));
  const Stopwatch timer;
  const Converted made = convert_to_odr(options.arguments(), settings, memory, output);
  output.commit();
  if (!options.quiet()) {
    for (const SourceFormat& source : made.sources) log(describe(source) + "\n");
    log(fmt::format("wrote {} ratings, {} users, {} items in {:.2f} s{}\n", made.ratings, made.users, made.items,
                    timer.seconds(), made.merged ? fmt::format("; {} repeated ones merged", made.merged) : ""));
    log(describe_rounding(made.values));
  }
  if (options.flag_given("json")) {
    print_json({{"ratings", made.ratings},
                {"users", made.users},
                {"items", made.items},
                {"merged", made.merged},
                {"mean", made.values.mean},
                {"deviation", made.values.deviation},
                {"seconds", timer.seconds()},
                {"peak_memory_bytes", peak_memory_bytes()}});
  }
  return kDone;
}

}  // namespace odot::cli
