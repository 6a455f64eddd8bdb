// odot split
#include "odot/ratings/split.hpp"

#include <fmt/format.h>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load.hpp"
#include "cli/options/options.hpp"
#include "cli/paths.hpp"
#include "cli/rounding.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/ratings/write.hpp"
#include "ratings/rating_lines.hpp"
#include "ratings/text/rating_texts.hpp"

namespace odot::cli {
namespace {

// Ratings with the texts that they came with: a number may be rounded to the program's precision, or be written in
// another way.
void write_as_read(OutputFile& train, OutputFile& test, const ReadResult& read, const Split& split,
                   const ReadSettings& settings, std::string_view separator) {
  std::vector<bool> held_out(read.list.ratings.size());
  for (const std::size_t k : split.test) held_out[k] = true;
  RatingLines lines[] = {{train, read.list, separator}, {test, read.list, separator}};
  reading::for_each_rating_text(read.sources, read.list.ratings.value, settings,
                                [&](std::size_t k, std::string_view rating) {
                                  lines[held_out[k] ? 1 : 0].add(k, [&](std::string& line) {
                                    line += separator;
                                    append_field(line, rating, separator);
                                  });
                                });
  for (RatingLines& each : lines) each.end();
}

}  // namespace

Options declare_split() {
  Options options(
      "odot split RATINGS... --train FILE --test FILE [options]",
      "Writes a random share of the ratings to one file and the rest to another, as lines of user, item and\n"
      "rating in the order and with the separator of RATINGS, each rating as it is written there unless\n"
      "repeated ones were merged or RATINGS is .odr or no file. Every user and every item keeps at least one\n"
      "rating in the training file, so the test file may be a little smaller than asked for.");
  options.arguments("RATINGS...", 1, -1);
  options.group("Split");
  options.value("fraction", "F", "share of the ratings for the test file, above 0 and below 1 (default 0.1)");
  options.value("seed", "N", "the same seed gives the same split (default 1)");
  options.value("train", "FILE", "write the training ratings here (needed)");
  options.value("test", "FILE", "write the test ratings here (needed)");
  options.flag("json", "print the counts as one JSON object");
  options.reading_group();
  options.common_group();
  return options;
}

int run_split(const Arguments& arguments) {
  Options options = declare_split();
  if (!options.parse(arguments)) return kDone;
  for (const char* needed : {"train", "test"}) {
    if (!options.given(needed)) throw UsageError(fmt::format("--{} FILE is missing", needed));
    if (options.text(needed) == "-") throw UsageError(fmt::format("--{} must be a file", needed));
  }
  check_paths({{"--train", options.text("train")}, {"--test", options.text("test")}},
              options.inputs({"train", "test"}));
  const double fraction = options.fraction("fraction", 0.1);
  const std::uint64_t seed = options.seed(1);

  OutputFile train(options.text("train"));
  OutputFile test(options.text("test"));
  const ReadResult read = load_ratings(options.arguments(), options, nullptr, true);
  const Split split = split_ratings(read.list, fraction, seed);
  if (split.test.empty()) {
    throw Error(
        fmt::format("--fraction {} puts none of {} ratings into the test file (every user and every item keeps one): "
                    "give a larger share",
                    options.text("fraction", "0.1"), read.list.ratings.size()));
  }
  const std::string separator = separator_of(read);
  if (reading::has_rating_texts(read.sources, read.merged)) {
    write_as_read(train, test, read, split, options.read_settings(), separator);
  } else {
    if (!options.quiet()) {
      log(describe_rounding(read.list.ratings.value, read.sources, read.merged, options.read_settings()));
    }
    write_ratings(train, read.list, split.train, separator);
    write_ratings(test, read.list, split.test, separator);
  }
  const InterruptGuard guard;  // both or none
  OutputFile* const both[] = {&train, &test};
  OutputFile::commit_together(both);
  if (options.flag_given("json")) {
    print_json({{"train", split.train.size()}, {"test", split.test.size()}, {"seed", seed}});
  } else {
    std::cout << fmt::format("{:<15} {} ratings in {}\n{:<15} {} ratings in {}\n", "train", split.train.size(),
                             train.path(), "test", split.test.size(), test.path());
  }
  return kDone;
}

}  // namespace odot::cli
