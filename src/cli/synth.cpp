// odot synth
#include <fmt/format.h>

#include <iostream>
#include <limits>
#include <numeric>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/ratings/synthetic.hpp"
#include "odot/ratings/write.hpp"
#include "ratings/recognise.hpp"

namespace odot::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What the options say wrongly is wrong usage, also where only the library sees it.
template <class Work>
auto as_usage(const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

}  // namespace

int run_synth(const Arguments& arguments) {
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
  options.value("output,o", "FILE", "write the ratings here; - for standard output (needed)");
  options.value("separator", "TEXT",
                "between fields: '::', tab, comma, semicolon, space or any other text (default comma)");
  options.flag("json", "print what was made as one JSON object");
  options.common_group();
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

  const std::string separator = as_usage([&] { return reading::parse_separator(options.text("separator", ",")); });

  OutputFile output(options.text("output"));
  const Stopwatch timer;
  const Synthetic made = as_usage([&] { return synthesize(settings); });
  std::vector<std::size_t> all(made.list.ratings.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  write_ratings(output, made.list, all, separator);
  output.commit();
  const ValueSummary values = summarize(made.list.ratings.value);
  if (json) {
    print_json({{"ratings", all.size()},
                {"users", made.list.users.size()},
                {"items", made.list.items.size()},
                {"mean", values.mean},
                {"deviation", values.deviation},
                {"noise_rmse", made.noise_rmse}});
  } else if (!options.quiet()) {
    log(fmt::format(
        "wrote {} ratings by {} users of {} items in {:.2f} s: mean {:.4f}, standard deviation {:.4f}, RMSE of the "
        "planted values {:.4f}\n",
        all.size(), made.list.users.size(), made.list.items.size(), timer.seconds(), values.mean, values.deviation,
        made.noise_rmse));
  }
  return kDone;
}

}  // namespace odot::cli
