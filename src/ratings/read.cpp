// Reading rating files: open, recognise, parse, and see to repeated pairs.
#include "odot/ratings/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "odot/core/error.hpp"
#include "odot/ratings/odr.hpp"
#include "ratings/text/collect.hpp"
#include "ratings/text/columns.hpp"
#include "ratings/text/duplicates.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/recognise.hpp"
#include "ratings/text/source.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using namespace reading;

void check_paths(const std::vector<std::string>& paths) {
  if (paths.empty()) throw Error("found no name of a rating file, expected at least one", ErrorKind::usage);
  if (std::count(paths.begin(), paths.end(), "-") > 1)
    throw Error("standard input (-) is named more than once, but can be read only once", ErrorKind::usage);
}

[[noreturn]] void refuse(const Repetition& found, Collector& collector) {
  const RatingList& list = collector.list();
  throw repetition_error(collector.place(found.first), collector.place(found.second),
                         list.users[list.ratings.user[found.second]], list.items[list.ratings.item[found.second]]);
}

/// Refuses a header line among pairs, where no rating tells that it is one, unless it is known for a pair.
void refuse_names(Collector& collector, const ReadSettings& settings) {
  const RatingList& list = collector.list();
  std::vector<bool> is_name(list.users.size());
  for (Index user = 0; user < list.users.size(); ++user) is_name[user] = are_names(list.users[user], "item");
  if (std::ranges::find(is_name, true) == is_name.end()) return;
  for (std::size_t k = 0; k < list.ratings.size(); ++k) {
    if (!is_name[list.ratings.user[k]]) continue;
    const std::string_view user = list.users[list.ratings.user[k]];
    const std::string_view item = list.items[list.ratings.item[k]];
    if (are_names(user, item) && !(settings.is_pair && settings.is_pair(user, item)))
      throw Error::naming(fmt::format("{}: found the names of columns, {} and {}, expected user and item (files that "
                                      "were joined? odot reads several; ",
                                      collector.place(k), printable(user), printable(item)),
                          "no-header", " says that they are ids)");
  }
}

SourceFormat collect(const std::string& path, const ReadSettings& settings, Collector& collector) {
  const Source source(path);
  const Format format = source.reading([&] { return recognise(source.text(), source.name(), settings); });
  SourceFormat described = source_format(path, source.compression(), format);
  described.ratings = source.reading([&] { return collector.add(source, format); });
  return described;
}

ReadResult read_one_odr(const std::string& path, bool pairs_only) {
  ReadResult out;
  out.list = read_odr(path);
  if (pairs_only) out.list.ratings.value = {};
  out.sources.push_back({.path = path, .compression = "none", .kind = "odr", .ratings = out.list.ratings.size()});
  return out;
}

}  // namespace

std::vector<SourceFormat> reading::collect_all(const std::vector<std::string>& paths, const ReadSettings& settings,
                                               Collector& collector) {
  check_paths(paths);
  check(settings);
  std::vector<SourceFormat> sources;
  std::optional<EmptyError> empty;
  for (const std::string& path : paths) {
    try {
      sources.push_back(collect(path, settings, collector));
    } catch (const EmptyError& error) {
      if (!empty) empty = error;
      sources.push_back({.path = path, .compression = "none", .kind = "empty"});
    }
  }
  if (std::ranges::all_of(sources, [](const SourceFormat& source) { return source.kind == "empty"; })) throw *empty;
  return sources;
}

std::string parse_separator(const std::string& text) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"tab", "\t"},       {"\\t", "\t"},  {"space", kBlanks}, {"spaces", kBlanks}, {"blank", kBlanks},
      {"blanks", kBlanks}, {"comma", ","}, {"semicolon", ";"}, {"pipe", "|"},       {"colons", "::"},
  };
  for (const auto& [word, separator] : kWords)
    if (text == word) return std::string(separator);
  if (text.empty()) throw Error::of_setting("separator", "is empty, expected the text between two columns");
  if (text.find_first_of(std::string_view("\"\r\n\0", 4)) != std::string::npos)
    throw Error::of_setting("separator",
                            fmt::format("is {}, expected neither quotes nor line ends in it", printable(text)));
  return text.find_first_not_of(' ') == std::string::npos ? std::string(kBlanks) : text;
}

void check(const ReadSettings& settings) {
  if (settings.separator) parse_separator(*settings.separator);
  check_columns(settings);
}

ReadResult read_ratings(const std::vector<std::string>& paths, const ReadSettings& settings) {
  if (is_one_odr(paths)) return read_one_odr(paths[0], settings.pairs_only);
  Collector collector;
  ReadResult out;
  out.sources = collect_all(paths, settings, collector);
  RatingList& list = collector.list();
  if (settings.pairs_only) {
    if (settings.header != false) refuse_names(collector, settings);
  } else {
    const Index users = list.users.size();
    const Index items = list.items.size();
    if (settings.duplicates == Duplicates::refuse) {
      if (const auto found = find_repetition(list.ratings, users, items)) refuse(*found, collector);
    } else {
      out.merged = merge_repetitions(list.ratings, users, items, settings.duplicates);
    }
  }
  out.list = std::move(list);
  return out;
}

}  // namespace odot::inline ODOT_PRECISION
