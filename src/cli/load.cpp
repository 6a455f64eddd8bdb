// Loading rating files for a subcommand, with a word on standard error about what was found.
#include "cli/load.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <limits>

#include "odot/core/error.hpp"
#include "odot/core/memory.hpp"
#include "odot/core/stopwatch.hpp"

namespace odot::cli {
namespace {

std::string separator_name(const std::string& separator) {
  if (separator == "\t") return "tab";
  if (separator == " ") return "blanks";
  return "'" + separator + "'";
}

constexpr const char* kOdr = "odr";  // SourceFormat::kind

ReadResult read_one_odr(const std::string& path, bool pairs_only) {
  ReadResult result;
  result.list = read_odr(path);
  if (pairs_only) result.list.ratings.value = {};
  SourceFormat& source = result.sources.emplace_back();
  source.path = path;
  source.compression = "none";
  source.kind = kOdr;
  source.ratings = result.list.ratings.size();
  return result;
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
  const std::optional<double> number = to_number(digits);
  const double factor = unit == std::string::npos ? 1 : std::pow(1024, static_cast<double>(unit + 1));
  if (number && *number * factor >= 1 && *number * factor < 0x1p62) return static_cast<std::size_t>(*number * factor);
  throw UsageError(fmt::format("--memory-limit is '{}', but must be a size such as 800M or 2G", text));
}

bool is_one_odr(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (!is_odr(path)) continue;
    if (paths.size() == 1) return true;
    throw Error(
        fmt::format("{}: found an .odr file among several, expected it to be the only one: convert all of the "
                    "ratings into one file",
                    path));
  }
  return false;
}

RatingData load_odr(const std::string& path, const Options& options) {
  const Stopwatch timer;
  RatingData data = open_odr(path, memory_budget(options));
  if (!options.quiet()) {
    log(fmt::format("{}: .odr, {} ratings, {} users, {} items; opened in {:.3f} s\n", path, data.ratings.size(),
                    data.users.size(), data.items.size(), timer.seconds()));
  }
  return data;
}

std::string describe(const SourceFormat& source, bool pairs_only) {
  std::string text = fmt::format("{}: {} lines", source.path == "-" ? "standard input" : source.path, source.ratings);
  if (source.kind == kOdr) return fmt::format("{}: .odr, {} ratings", source.path, source.ratings);
  if (source.compression != "none") text += ", " + source.compression;
  if (source.kind != "delimited") return text + ", " + source.kind;
  text += fmt::format(", separated by {}, columns {},{}", separator_name(source.separator), source.columns[0] + 1,
                      source.columns[1] + 1);
  if (!pairs_only) text += fmt::format(",{}", source.columns[2] + 1);
  return text + (source.header ? ", header" : "");
}

ReadResult load_ratings(const std::vector<std::string>& paths, const Options& options) {
  const ReadSettings settings = options.read_settings();
  const Stopwatch timer;
  ReadResult result = is_one_odr(paths) ? read_one_odr(paths[0], settings.pairs_only) : read_ratings(paths, settings);
  if (options.quiet()) return result;
  for (const SourceFormat& source : result.sources) log(describe(source, settings.pairs_only) + "\n");
  log(fmt::format("read {} {}, {} users, {} items in {:.2f} s{}\n", result.list.ratings.user.size(),
                  settings.pairs_only ? "pairs" : "ratings", result.list.users.size(), result.list.items.size(),
                  timer.seconds(), result.merged ? fmt::format("; {} repeated ones merged", result.merged) : ""));
  return result;
}

void load_features(const Options& options, Dataset& data) {
  const auto load = [&](const char* file, const char* specification, IdTable& ids) -> std::optional<FeatureTable> {
    if (!options.given(file)) return std::nullopt;
    FeatureTable table = read_features(options.text(file), options.text(specification, ""));
    for (Index k = 0; k < table.ids.size(); ++k) ids.add(table.ids[k]);
    if (options.quiet()) return table;
    log(fmt::format("{}: features of {} {}, {} inputs\n", table.path, table.ids.size(), file, table.encoding.inputs()));
    for (const std::string& note : table.notes) log(fmt::format("  {}\n", note));
    return table;
  };
  data.user_features = load("users", "user-features", data.users);
  data.item_features = load("items", "item-features", data.items);
}

std::string separator_of(const ReadResult& result) {
  const SourceFormat& first = result.sources.front();
  if (first.kind == kOdr) return ",";
  return first.kind == "delimited" ? first.separator : " ";
}

std::size_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace odot::cli
