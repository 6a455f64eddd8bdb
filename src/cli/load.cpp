// Loading rating files for a subcommand, with a word on standard error about what was found.
#include "cli/load.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/rounding.hpp"
#include "odot/core/error.hpp"
#include "odot/core/memory.hpp"
#include "odot/core/number.hpp"
#include "odot/core/stopwatch.hpp"

namespace odot::cli {
namespace {

std::string separator_name(const std::string& separator) {
  if (separator == "\t") return "tab";
  if (separator == " ") return "blanks";
  return "'" + separator + "'";
}

// Of SourceFormat::kind.
constexpr const char* kOdr = "odr";
constexpr const char* kEmpty = "empty";

// Says how ratings in memory were recognised.
void tell(const std::vector<SourceFormat>& sources, std::size_t merged, const std::string& what, const IdTable& users,
          const IdTable& items, double seconds, bool pairs_only) {
  for (const SourceFormat& source : sources) log(describe(source, pairs_only) + "\n");
  log(fmt::format("read {}, {} users, {} items in {:.2f} s{}\n", what, users.size(), items.size(), seconds,
                  merged ? fmt::format("; {} repeated ones merged", merged) : ""));
}

}  // namespace

void memory_option(Options& options, const std::string& purpose) {
  options.value("memory-limit", "SIZE",
                "memory " + purpose +
                    ", e.g. 800M or 2G (default: three fifths of what this machine has or this "
                    "process's control group may use)");
}

std::size_t memory_budget(const Options& options) {
  if (!options.given("memory-limit")) return default_memory_budget();
  const std::string& text = options.text("memory-limit");
  const std::string units = "KMGT";
  const std::size_t unit = text.empty() ? std::string::npos : units.find(text.back());
  const std::string digits = unit == std::string::npos ? text : text.substr(0, text.size() - 1);
  const std::optional<double> number = to_number<double>(digits);
  const double factor = unit == std::string::npos ? 1 : std::pow(1024, static_cast<double>(unit + 1));
  if (number && *number * factor >= 1 && *number * factor < 0x1p62) return static_cast<std::size_t>(*number * factor);
  throw UsageError(fmt::format("--memory-limit is '{}', but must be a size such as 800M or 2G", text));
}

std::string describe(const SourceFormat& source, bool pairs_only) {
  const std::string name = source.path == "-" ? "standard input" : source.path;
  std::string text = fmt::format("{}: {} lines", name, source.ratings);
  if (source.kind == kEmpty) return fmt::format("{}: left out, as there is nothing in it to read", name);
  if (source.kind == kOdr) return fmt::format("{}: .odr, {} ratings", source.path, source.ratings);
  if (source.compression != "none") text += ", " + source.compression;
  if (source.kind != "delimited") return text + ", " + source.kind;
  text += fmt::format(", separated by {}, columns {},{}", separator_name(source.separator), source.columns[0] + 1,
                      source.columns[1] + 1);
  if (!pairs_only) text += fmt::format(",{}", source.columns[2] + 1);
  return text + (source.header ? ", header" : "");
}

ReadSettings read_settings(const Options& options, const Model* known) {
  ReadSettings settings = options.read_settings();
  if (known) {
    settings.is_pair = [known](std::string_view user, std::string_view item) {
      return known->users.find(user) != kUnknown && known->items.find(item) != kUnknown;
    };
  }
  return settings;
}

ReadResult load_ratings(const std::vector<std::string>& paths, const Options& options, const Model* known,
                        bool keeps_texts) {
  const ReadSettings settings = read_settings(options, known);
  const Stopwatch timer;
  ReadResult result = read_ratings(paths, settings);
  if (options.quiet()) return result;
  const RatingList& list = result.list;
  tell(result.sources, result.merged,
       fmt::format("{} {}", list.ratings.size(), settings.pairs_only ? "pairs" : "ratings"), list.users, list.items,
       timer.seconds(), settings.pairs_only);
  if (!keeps_texts) log(describe_rounding(list.ratings.value, result.sources, result.merged, settings));
  return result;
}

Dataset load_dataset(const std::vector<std::string>& paths, const Options& options) {
  const Stopwatch timer;
  OpenedRatings opened = odot::open_ratings(paths, options.read_settings(), memory_budget(options));
  const Dataset& data = opened.data;
  if (options.quiet()) return std::move(opened.data);
  if (data.matrix) {
    log(fmt::format("{}, {} users, {} items; opened in {:.3f} s\n", describe(opened.sources.front()), data.users.size(),
                    data.items.size(), timer.seconds()));
    log(describe_rounding(data.matrix->summary()));
  } else {
    tell(opened.sources, opened.merged, fmt::format("{} ratings", data.size()), data.users, data.items, timer.seconds(),
         false);
    log(describe_rounding(data.list.value, opened.sources, opened.merged, options.read_settings()));
  }
  return std::move(opened.data);
}

void load_features(const Options& options, Dataset& data) {
  const auto load = [&](const char* file, const char* specification, IdTable& ids) -> std::optional<FeatureTable> {
    if (!options.given(file)) return std::nullopt;
    FeatureTable table = read_features(options.text(file), options.text(specification, ""));
    Index missing = 0;
    for (Index k = 0; k < ids.size(); ++k) missing += table.ids.find(ids[k]) == kUnknown ? 1 : 0;
    for (Index k = 0; k < table.ids.size(); ++k) ids.add(table.ids[k]);
    if (options.quiet()) return table;
    log(fmt::format("{}: features of {} {}, {} inputs{}\n", table.path, table.ids.size(), file, table.encoding.inputs(),
                    missing > 0 ? fmt::format("; {} {} of the ratings have no line there", missing, file) : ""));
    for (const std::string& note : table.notes) log(fmt::format("  {}\n", note));
    return table;
  };
  data.user_features = load("users", "user-features", data.users);
  data.item_features = load("items", "item-features", data.items);
}

std::string note_equal_ratings(const Dataset& data) {
  if (data.size() < 2) return "";
  const double value = data.matrix ? data.matrix->summary().lowest : static_cast<double>(data.list.value[0]);
  const bool equal = data.matrix ? value == data.matrix->summary().highest
                                 : std::ranges::all_of(data.list.value, [&](Real one) { return one == value; });
  if (!equal) return "";
  return fmt::format(
      "all {} ratings are {}: a model can learn from them only to predict {} for every pair. Lines that tell only who "
      "met what are no ratings; ratings say how much, and differ\n",
      data.size(), value, value);
}

std::string separator_of(const ReadResult& result) {
  const SourceFormat& first =
      *std::ranges::find_if_not(result.sources, [](const SourceFormat& source) { return source.kind == kEmpty; });
  if (first.kind == kOdr) return ",";
  return first.kind == "delimited" ? first.separator : " ";
}

std::size_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace odot::cli
