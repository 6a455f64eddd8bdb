// What items are called: reading files of titles.
#include "cli/output/titles.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <locale>
#include <nlohmann/json.hpp>

#include "features/lines.hpp"
#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "ratings/text/fields.hpp"

namespace odot::cli {
namespace {

using reading::FeatureLines;

struct Columns {
  std::size_t id = 0;
  std::size_t title = 1;
};

// A column number from 1, or 0 for what is no number.
std::size_t to_column(const std::string& name) { return to_number<std::size_t>(name).value_or(0); }

// The names or numbers that --titles gives.
std::array<std::string, 2> split_titles(const std::string& text) {
  const std::size_t comma = text.find(',');
  if (comma == 0 || comma == std::string::npos || comma + 1 == text.size() ||
      text.find(',', comma + 1) != std::string::npos) {
    throw UsageError(fmt::format(
        "--titles is '{}', but must name two columns, of ids and of titles, e.g. 1,3 or movieId,title", text));
  }
  return {text.substr(0, comma), text.substr(comma + 1)};
}

Columns find_columns(FeatureLines& lines, const std::string& text) {
  const std::array<std::string, 2> names = split_titles(text);
  std::array<std::size_t, 2> columns{to_column(names[0]), to_column(names[1])};
  if (columns[0] == 0 || columns[1] == 0) lines.take_header();
  for (std::size_t k = 0; k < 2; ++k) {
    if (columns[k] == 0) {
      const auto found = lines.find(names[k]);
      if (!found) throw Error(fmt::format("{}: found no column {} in the header line", lines.name(), names[k]));
      columns[k] = *found + 1;
    }
    if (columns[k] > lines.columns()) {
      throw Error(fmt::format("{}: found {} columns, expected ids and titles in columns {} and {}", lines.name(),
                              lines.columns(), names[0], names[1]));
    }
  }
  return {columns[0] - 1, columns[1] - 1};
}

}  // namespace

std::string to_utf8(std::string_view text) {
  try {
    (void)Json(std::string(text)).dump();  // the check that an output of JSON would make
    return std::string(text);
  } catch (const Json::type_error&) {
  }
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

void Titles::declare(Options& options, const std::string& file) {
  options.value(file, "FILE",
                "show titles beside items: a file with an id and a title a line, e.g. MovieLens's movies.dat or "
                "movies.csv");
  options.value("titles", "ID,TITLE",
                "columns of ids and titles in that file: numbers from 1, or names in the header line (default 1,2)");
}

Titles::Titles(const Options& options, const IdTable& items, const std::string& file) : given_(options.given(file)) {
  if (!given_) {
    if (options.given("titles")) throw UsageError(fmt::format("--titles is of no use without --{} FILE", file));
    return;
  }
  FeatureLines lines(options.text(file));
  const Columns columns = find_columns(lines, options.text("titles", "1,2"));
  titles_.resize(items.size());
  std::vector<std::size_t> line_of(items.size(), 0);
  std::size_t found = 0;
  for (std::size_t row = 0; row < lines.rows(); ++row) {
    const Index item = items.find(lines.at(row, columns.id));
    if (item == kUnknown) continue;
    if (line_of[item] != 0) {
      lines.fail(row, fmt::format("found the item {} again, expected it once: it is in line {} already",
                                  reading::printable(items[item]), line_of[item]));
    }
    line_of[item] = lines.line(row);
    titles_[item] = to_utf8(lines.at(row, columns.title));
    ++found;
  }
  lines.check_unchanged();
  if (!options.quiet()) log(fmt::format("{}: titles of {} of {} items\n", lines.name(), found, items.size()));
}

std::optional<Index> Titles::find(const std::string& title, const IdTable& items) const {
  std::vector<Index> found;
  for (Index item = 0; item < titles_.size(); ++item) {
    if (!title.empty() && boost::algorithm::iequals(titles_[item], title, std::locale::classic()))
      found.push_back(item);
  }
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) return found[0];
  std::string ids;
  for (const Index item : found) ids += (ids.empty() ? "" : ", ") + reading::printable(items[item]);
  throw Error(fmt::format("found {} items with the title {}, expected one: name it by its id, one of {}", found.size(),
                          reading::printable(title), ids));
}

}  // namespace odot::cli
