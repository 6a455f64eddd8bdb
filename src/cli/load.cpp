#include "cli/load.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include "odot/core/stopwatch.hpp"

namespace odot::cli {
namespace {

std::string separator_name(const std::string& separator) {
  if (separator == "\t") return "tab";
  if (separator == " ") return "blanks";
  return "'" + separator + "'";
}

std::string describe(const SourceFormat& source, bool pairs_only) {
  std::string text = fmt::format("{}: {} lines", source.path == "-" ? "standard input" : source.path, source.ratings);
  if (source.compression != "none") text += ", " + source.compression;
  if (source.kind != "delimited") return text + ", " + source.kind;
  text += fmt::format(", separated by {}, columns {},{}", separator_name(source.separator), source.columns[0] + 1,
                      source.columns[1] + 1);
  if (!pairs_only) text += fmt::format(",{}", source.columns[2] + 1);
  return text + (source.header ? ", header" : "");
}

}  // namespace

ReadResult load_ratings(const std::vector<std::string>& paths, const Options& options) {
  const ReadSettings settings = options.read_settings();
  const Stopwatch timer;
  ReadResult result = read_ratings(paths, settings);
  if (options.quiet()) return result;
  for (const SourceFormat& source : result.sources) log(describe(source, settings.pairs_only) + "\n");
  log(fmt::format("read {} {}, {} users, {} items in {:.2f} s{}\n", result.list.ratings.user.size(),
                  settings.pairs_only ? "pairs" : "ratings", result.list.users.size(), result.list.items.size(),
                  timer.seconds(), result.merged ? fmt::format("; {} repeated ones merged", result.merged) : ""));
  return result;
}

std::string separator_of(const ReadResult& result) {
  const SourceFormat& first = result.sources.front();
  return first.kind == "delimited" ? first.separator : " ";
}

std::size_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace odot::cli
