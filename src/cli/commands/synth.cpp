// odot synth
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/options/options.hpp"
#include "cli/output/figure.hpp"
#include "cli/paths.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/ratings/odr.hpp"
#include "odot/ratings/read.hpp"
#include "odot/ratings/synthetic.hpp"
#include "odot/ratings/write.hpp"

namespace odot::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Made {
  double noise_rmse;
  double mean;
  double deviation;
};

// "1" for index 0.
void append_id(std::string& text, Index index) {
  char digits[16];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, std::uint64_t{index} + 1).ptr);
}

// One line after another, formatted in parallel.
class LineWriter {
 public:
  LineWriter(OutputFile& file, std::string separator) : file_(file), separator_(std::move(separator)) {}

  void write(Index first_user, std::span<const Index> counts, std::span<const Index> items,
             std::span<const Real> values) {
    std::vector<Index> users;
    users.reserve(items.size());
    for (std::size_t k = 0; k < counts.size(); ++k) {
      users.insert(users.end(), counts[k], first_user + static_cast<Index>(k));
    }
    const VectorChunks chunks(items.size());
    texts_.resize(chunks.count());
    parallel_for(chunks.count(), [&](std::size_t chunk) {
      std::string& text = texts_[chunk];
      text.clear();
      for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) {
        append_id(text, users[k]);
        text += separator_;
        append_id(text, items[k]);
        text += separator_;
        append_number(text, values[k]);
        text += '\n';
      }
    });
    for (std::size_t chunk = 0; chunk < chunks.count(); ++chunk) file_.write(texts_[chunk]);
  }

 private:
  OutputFile& file_;
  std::string separator_;
  std::vector<std::string> texts_;
};

Made write_text(const SyntheticRatings& source, const std::string& separator, OutputFile& output) {
  LineWriter lines(output, separator);
  Index user = 0;
  double count = 0;
  double sum = 0;
  double squares = 0;
  const double noise_rmse = source.generate([&](auto counts, auto items, auto values) {
    lines.write(user, counts, items, values);
    user += static_cast<Index>(counts.size());
    // Deviations of parts are put together, so that no digits are lost where the mean is large.
    const ValueSummary part = summarize({values.begin(), values.end()});
    const auto n = static_cast<double>(values.size());
    if (n == 0) return;
    const double shift = count == 0 ? 0 : part.mean - sum / count;
    squares += n * part.deviation * part.deviation + (count == 0 ? 0 : shift * shift * n * count / (n + count));
    sum += n * part.mean;
    count += n;
  });
  return {noise_rmse, sum / count, std::sqrt(squares / count)};
}

Made write_odr(const SyntheticRatings& source, const SyntheticSettings& settings, std::size_t memory,
               OutputFile& output) {
  OdrWriter writer(output, numbered_ids(settings.users), numbered_ids(settings.items));
  const double noise_rmse =
      source.generate([&](auto counts, auto items, auto values) { writer.add(counts, items, values); });
  const ValueSummary values = writer.finish(memory);
  return {noise_rmse, values.mean, values.deviation};
}

}  // namespace

Options declare_synth() {
  const SyntheticSettings standard;
  Options options("odot synth -o FILE [options]",
                  "Writes synthetic ratings: mean + user bias + item bias + u·v + noise, rounded and clipped, with\n"
                  "log-normal user activity and power-law item popularity. The same options give the same file.");
  options.arguments("", 0, 0);
  options.group("Size");
  options.value("users", "N", fmt::format("number of users (default {})", standard.users));
  options.value("items", "N", fmt::format("number of items (default {})", standard.items));
  options.value("ratings", "N", fmt::format("distinct (user, item) pairs (default {})", standard.ratings));
  options.group("Structure");
  options.value("rank", "R", fmt::format("of the planted u·v; 0: none (default {})", standard.rank));
  options.value("mean", "X", fmt::format("of the ratings before rounding and clipping (default {})", standard.mean));
  options.value("bias", "SD", fmt::format("standard deviation of the biases (default {})", standard.bias_deviation));
  options.value("factor", "SD", fmt::format("standard deviation of u·v (default {})", standard.factor_deviation));
  options.value("noise", "SD", fmt::format("standard deviation of the noise (default {})", standard.noise));
  options.value("round", "X", fmt::format("round to multiples of this; 0: do not (default {})", standard.round_to));
  options.value("lowest", "X", fmt::format("lowest rating (default {}); none: no limit", standard.lowest));
  options.value("highest", "X", fmt::format("highest rating (default {}); none: no limit", standard.highest));
  options.value("seed", "N", fmt::format("the same seed gives the same ratings (default {})", standard.seed));
  options.group("Output");
  options.value("output,o", "FILE",
                "write the ratings here; - for standard output; a name that ends in .odr gets such a file (needed)");
  memory_option(options, "to sort the ratings of an .odr file in");
  options.value("separator", "TEXT",
                "between fields: '::', tab, comma, semicolon, space or any other text (default comma)");
  options.flag("json", "print what was made as one JSON object");
  options.common_group();
  return options;
}

int run_synth(const Arguments& arguments) {
  Options options = declare_synth();
  if (!options.parse(arguments)) return kDone;
  if (!options.given("output")) throw UsageError("-o FILE is missing");
  const bool json = options.flag_given("json");
  if (json && options.text("output") == "-") throw UsageError("--json and ratings cannot both go to standard output");

  SyntheticSettings settings;
  const long long most = std::numeric_limits<Index>::max() - 1;
  settings.users = static_cast<Index>(options.integer("users", settings.users, 1, most));
  settings.items = static_cast<Index>(options.integer("items", settings.items, 1, most));
  settings.ratings = static_cast<std::size_t>(
      options.integer("ratings", static_cast<long long>(settings.ratings), 1, std::numeric_limits<long long>::max()));
  settings.rank = static_cast<int>(options.integer("rank", settings.rank, 0, 1024));
  settings.mean = options.number("mean", settings.mean, -kInfinity, kInfinity);
  settings.bias_deviation = options.number("bias", settings.bias_deviation, 0, kInfinity);
  settings.factor_deviation = options.number("factor", settings.factor_deviation, 0, kInfinity);
  settings.noise = options.number("noise", settings.noise, 0, kInfinity);
  settings.round_to = options.number("round", settings.round_to, 0, kInfinity);
  settings.lowest = options.text("lowest", "") == "none"
                        ? -kInfinity
                        : options.number("lowest", settings.lowest, -kInfinity, kInfinity);
  settings.highest = options.text("highest", "") == "none"
                         ? kInfinity
                         : options.number("highest", settings.highest, -kInfinity, kInfinity);
  settings.seed = options.seed(settings.seed);

  const std::string separator = parse_separator(options.text("separator", ","));

  const bool odr = options.text("output").ends_with(".odr");
  if (odr && options.given("separator")) throw UsageError("--separator is of no use to an .odr file");
  const std::size_t memory = memory_budget(options);

  check_paths({{"-o", options.text("output")}}, options.inputs({"output"}));
  OutputFile output(options.text("output"));
  const Stopwatch timer;
  const SyntheticRatings source(settings);
  const Made made = odr ? write_odr(source, settings, memory, output) : write_text(source, separator, output);
  output.commit();
  if (json) {
    print_json({{"ratings", settings.ratings},
                {"users", settings.users},
                {"items", settings.items},
                {"mean", made.mean},
                {"deviation", made.deviation},
                {"noise_rmse", made.noise_rmse}});
  } else if (!options.quiet()) {
    log(
        fmt::format("wrote {} ratings by {} users of {} items in {:.2f} s: mean {}, standard deviation {}, RMSE of the "
                    "planted values {}\n",
                    settings.ratings, settings.users, settings.items, timer.seconds(), figure(made.mean),
                    figure(made.deviation), figure(made.noise_rmse)));
  }
  return kDone;
}

}  // namespace odot::cli
