// Ids that a user names, on the command line or in a file, looked up in a model.
#include "cli/id_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "odot/core/error.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/source.hpp"

namespace odot::cli {
namespace {

// "the 1000 users of the model are 1, 2, 3 and so on"
std::string describe(const IdTable& ids, const std::string& what) {
  constexpr Index kShown = 3;
  if (ids.size() == 0) return fmt::format("the model has no {}s", what);
  std::string text = fmt::format("the model's {} {}s are {}", ids.size(), what, reading::printable(ids[0]));
  for (Index index = 1; index < std::min(kShown, ids.size()); ++index) text += ", " + reading::printable(ids[index]);
  return ids.size() > kShown ? text + " and so on" : text;
}

// The one field of a line.
std::string read_id(std::string_view line, const std::string& place) {
  std::vector<reading::Field> fields;
  const auto problem = reading::split_line(line, "\n", 1, 1, fields);
  if (problem) throw Error(fmt::format("{}: {}", place, *problem));
  std::string storage;
  return std::string(reading::content(fields.at(0), storage));
}

}  // namespace

Index find_id(const std::string& id, const IdTable& ids, const std::string& what) {
  const Index index = ids.find(id);
  if (index != kUnknown) return index;
  throw Error(fmt::format("found no {} {} in the model; {}", what, reading::printable(id), describe(ids, what)));
}

std::vector<Index> find_ids(const std::vector<std::string>& given, const IdTable& ids, const std::string& what,
                            const Titles& titles) {
  std::vector<Index> found;
  for (const std::string& text : given) {
    if (const Index index = ids.find(text); index != kUnknown) {
      found.push_back(index);
    } else if (const std::optional<Index> item = titles.find(text, ids)) {
      found.push_back(*item);
    } else if (text.find(',') == std::string::npos) {
      try {
        found.push_back(find_id(text, ids, what));
      } catch (const Error& error) {
        if (what != "item") throw;
        throw Error(fmt::format("{}{}", error.what(),
                                titles.given() ? "; none of the titles is that either"
                                               : "; titles can be named where --items FILE has them"));
      }
    } else {
      std::stringstream parts(text);
      for (std::string part; std::getline(parts, part, ',');) found.push_back(find_id(part, ids, what));
    }
  }
  return found;
}

std::vector<Index> read_ids(const std::string& path, const IdTable& ids, const std::string& what, bool may_be_unknown) {
  const std::string line_of = what == "user" ? "a user's id" : "an item's id";
  const reading::Source source(path, {"ids", line_of});
  std::vector<Index> found;
  std::string_view text = source.text();
  for (std::size_t number = 1; !text.empty(); ++number) {
    // Files that were joined have a byte-order mark at the start of each.
    const std::string_view line = reading::without_byte_order_mark(reading::take_line(text));
    if (reading::trim(line).empty()) continue;
    const std::string place = fmt::format("{}:{}", source.name(), number);
    const std::string id = read_id(line, place);
    found.push_back(ids.find(id));
    if (found.back() == kUnknown && !may_be_unknown) {
      throw Error(fmt::format("{}: found the {} {}, which the model does not know; {}", place, what,
                              reading::printable(id), describe(ids, what)));
    }
  }
  source.check_unchanged();
  if (found.empty()) throw Error(fmt::format("{}: found no ids, expected one a line", source.name()));
  return found;
}

std::vector<std::string> read_lines(const std::string& path) {
  const reading::Source source(path, {"ids", "an id"});
  std::vector<std::string> lines;
  for (std::string_view text = reading::without_byte_order_mark(source.text()); !text.empty();) {
    lines.emplace_back(reading::take_line(text));
    if (lines.back().empty()) {
      throw Error(fmt::format("{}:{}: found an empty line, expected an id", source.name(), lines.size()));
    }
  }
  source.check_unchanged();
  return lines;
}

}  // namespace odot::cli
