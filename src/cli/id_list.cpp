// Ids that a user names, on the command line or in a file, looked up in a model.
#include "cli/id_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "odot/core/error.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/foreign.hpp"
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

// What to say of `id`, which is not in `ids`, where it looks like several: its first field is an id, and no id has such
// a separator in it. Empty where it does not.
std::string describe_several(std::string_view id, const IdTable& ids, const std::string& what) {
  for (const std::string_view separator : reading::kSeparators) {
    std::vector<reading::Field> fields;
    if (reading::split_line(id, separator, 0, reading::kAllColumns, fields) || fields.size() < 2) continue;
    std::string storage;
    const std::string_view first = reading::content(fields[0], storage);
    if (ids.find(first) == kUnknown) continue;
    std::vector<reading::Field> others;
    Index index = 0;
    while (index < ids.size() && (reading::split_line(ids[index], separator, 0, 0, others) || others.size() < 2))
      ++index;
    if (index == ids.size())
      return fmt::format("found {} columns in {}, expected the id of one {} such as {} on each line", fields.size(),
                         reading::printable(id), what, reading::printable(first));
  }
  return {};
}

// The one field of a line.
std::string read_id(std::string_view line, const IdTable& ids, const std::string& what, const std::string& place) {
  std::vector<reading::Field> fields;
  if (const auto problem = reading::split_line(line, "\n", 1, 1, fields)) {
    const std::string several = describe_several(line, ids, what);
    throw Error(fmt::format("{}: {}", place, several.empty() ? *problem : several));
  }
  std::string storage;
  return std::string(reading::content(fields.at(0), storage));
}

// Calls use(line, place) for each line of a file of ids, where the place is "FILE:LINE". Returns what messages call the
// file.
template <class Use>
std::string for_each_line(const std::string& path, const reading::Contents& contents, Use&& use) {
  const reading::Source source(path, contents);
  reading::refuse_foreign(source.text(), source.name(), contents);
  std::string_view text = source.text();
  for (std::size_t number = 1; !text.empty(); ++number) {
    // Files that were joined have a byte-order mark at the start of each.
    use(reading::without_byte_order_mark(reading::take_line(text)), fmt::format("{}:{}", source.name(), number));
  }
  source.check_unchanged();
  return source.name();
}

}  // namespace

std::vector<Index> find_ids(const std::vector<std::string>& given, const IdTable& ids, const std::string& what,
                            const Titles& titles) {
  const auto find_one = [&](const std::string& text) -> std::optional<Index> {
    if (const Index index = ids.find(text); index != kUnknown) return index;
    return titles.find(text, ids);
  };
  std::vector<Index> found;
  for (const std::string& text : given) {
    if (const std::optional<Index> index = find_one(text)) {
      found.push_back(*index);
      continue;
    }
    for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
      end = text.find(',', at);
      const std::string part = text.substr(at, end - at);
      if (const std::optional<Index> index = find_one(part)) {
        found.push_back(*index);
        continue;
      }
      const char* const of_titles = what != "item"   ? ""
                                    : titles.given() ? "; none of the titles is that either"
                                                     : "; titles can be named where --items FILE has them";
      throw Error(fmt::format("found no {} {} in the model; {}{}", what, reading::printable(part), describe(ids, what),
                              of_titles));
    }
  }
  return found;
}

std::vector<Index> read_ids(const std::string& path, const IdTable& ids, const std::string& what, bool may_be_unknown) {
  const std::string line_of = what == "user" ? "a user's id" : "an item's id";
  std::vector<Index> found;
  const auto take = [&](std::string_view line, const std::string& place) {
    if (reading::trim(line).empty()) return;
    const std::string id = read_id(line, ids, what, place);
    found.push_back(ids.find(id));
    if (found.back() != kUnknown) return;
    if (const std::string problem = describe_several(id, ids, what); !problem.empty())
      throw Error(fmt::format("{}: {}", place, problem));
    if (!may_be_unknown) {
      throw Error(fmt::format("{}: found the {} {}, which the model does not know; {}", place, what,
                              reading::printable(id), describe(ids, what)));
    }
  };
  const std::string name = for_each_line(path, {"ids", line_of}, take);
  if (found.empty()) throw Error(fmt::format("{}: found no ids, expected one a line", name));
  return found;
}

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  for_each_line(path, {"ids", "an id"}, [&](std::string_view line, const std::string& place) {
    if (line.empty()) throw Error(fmt::format("{}: found an empty line, expected an id", place));
    if (const std::size_t at = reading::find_binary(line, {}); at != std::string::npos) {
      throw Error(fmt::format("{}: found the byte 0x{:02x} in it, expected text with an id on each line", place,
                              static_cast<unsigned>(static_cast<unsigned char>(line[at]))));
    }
    lines.emplace_back(line);
  });
  return lines;
}

}  // namespace odot::cli
