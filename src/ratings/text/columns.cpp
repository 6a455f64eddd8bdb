// Telling header lines from ratings, and finding columns by their names.
#include "ratings/text/columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <cctype>
#include <optional>
#include <span>
#include <string_view>

#include "odot/core/error.hpp"
#include "odot/core/number.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

enum Role : std::size_t { kUser, kItem, kRating, kRoles };
constexpr std::array<std::string_view, kRoles> kRoleNames{"user", "item", "rating"};

// Column names in use, in lower case, without punctuation; those of users and items without "id" at the end.
constexpr std::string_view kUserWords[] = {"user",   "u",      "username", "customer", "reviewer", "rater",
                                           "client", "member", "person",   "author",   "account",  "visitor",
                                           "viewer", "reader", "player",   "listener"};
constexpr std::string_view kItemWords[] = {"item",  "i",      "movie",  "film",       "product",  "asin",  "isbn",
                                           "book",  "song",   "track",  "artist",     "album",    "game",  "app",
                                           "anime", "show",   "video",  "restaurant", "business", "place", "venue",
                                           "joke",  "recipe", "course", "article",    "document", "sku",   "beer",
                                           "hotel", "goods",  "object", "parentasin"};
constexpr std::string_view kRatingWords[] = {
    "rating",     "ratings",     "r",          "score",      "scores",     "star",      "stars",
    "value",      "weight",      "preference", "bookrating", "userrating", "rate",      "overall",
    "starrating", "movierating", "myrating",   "count",      "plays",      "playcount", "listens"};
constexpr std::string_view kOtherWords[] = {"timestamp", "time", "date", "datetime", "ts", "unixtime"};
// Parts of the names that times have.
constexpr std::string_view kTimeParts[] = {"time", "date", "stamp", "year", "month", "when"};
constexpr std::array<std::span<const std::string_view>, kRoles> kWords{kUserWords, kItemWords, kRatingWords};

/// Without the type that may be behind a name ("item_id:token").
std::string_view untyped(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos || colon == 0 ? name : trim(name.substr(0, colon));
}

std::string normalised(const Field& field) {
  std::string out;
  for (const char c : untyped(field.text)) {
    // Letters of other alphabets stay: a name is not known for what is left of it without them.
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || byte >= 0x80) out += static_cast<char>(std::tolower(byte));
  }
  return out;
}

bool is_among(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Whether a normalised name is one of the role's `words`. What has an id is a user or an item, not a rating.
bool is_named(std::string_view word, Role role, std::span<const std::string_view> words) {
  if (role != kRating && word.size() > 2 && word.ends_with("id")) word.remove_suffix(2);
  return is_among(word, words);
}

bool is_known(const Field& field) {
  const std::string word = normalised(field);
  for (const Role role : {kUser, kItem, kRating})
    if (is_named(word, role, kWords[role])) return true;
  return is_among(word, kOtherWords);
}

/// The fields whose name is the role's or, where there is none, one of the other words for it.
std::vector<std::size_t> candidates(const std::vector<Field>& header, Role role) {
  std::vector<std::size_t> out;
  for (const std::span<const std::string_view> words : {kWords[role].first(1), kWords[role]}) {
    for (std::size_t at = 0; at < header.size(); ++at)
      if (is_named(normalised(header[at]), role, words)) out.push_back(at);
    if (!out.empty()) break;
  }
  return out;
}

/// What a header's name says of its column, in brackets behind it; nothing where it says nothing.
std::string meaning(const Field& field) {
  const std::string word = normalised(field);
  for (const Role role : {kUser, kItem, kRating})
    if (is_named(word, role, kWords[role])) return fmt::format(" ({})", kRoleNames[role]);
  const auto is_in_word = [&](std::string_view part) { return word.find(part) != std::string::npos; };
  if (is_among(word, kOtherWords) || std::ranges::any_of(kTimeParts, is_in_word)) return " (a time)";
  return "";
}

std::size_t roles_used(const ReadSettings& settings) { return settings.pairs_only ? kRating : kRoles; }

bool has_names(const ReadSettings& settings) {
  if (!settings.columns) return false;
  const auto& columns = *settings.columns;
  return !std::all_of(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(roles_used(settings)),
                      [](const std::string& column) { return to_number<std::size_t>(column).has_value(); });
}

bool is_number_at(const std::vector<Field>& fields, std::size_t at) {
  return at < fields.size() && looks_numeric(fields[at].text);
}

bool is_header(const std::vector<Field>& first, const std::vector<Field>& second, const Columns& columns) {
  // Pairs may come with a third column or without; a number there speaks against a header either way.
  if (is_number_at(first, columns.at[kRating])) return false;
  if (std::any_of(first.begin(), first.end(), is_known)) return true;
  for (const std::size_t at : {columns.at[kUser], columns.at[kItem]})
    if (!is_number_at(first, at) && is_number_at(second, at)) return true;
  return false;
}

/// Finds columns by the words of a header, all of them or none. A role whose name is unknown may have the column that
/// is left, but is not guessed where there are several, or where it is the rating, as a price or a year may be a number
/// too.
void find_by_words(const std::vector<Field>& header, const ReadSettings& settings, Columns& out) {
  const std::size_t roles = roles_used(settings);
  const auto refuse = [&](const std::string& found) {
    std::vector<std::string> shown;
    for (const Field& field : header) shown.push_back(printable(field.text) + meaning(field));
    out.problem = fmt::format("found {} among the columns {}, expected {}", found, fmt::join(shown, ", "),
                              fmt::join(std::span(kRoleNames).first(roles), ", "));
    out.remedy = settings.pairs_only ? " says which are user and item; where there is no header, say so)"
                                     : " says which are user, item and rating)";
  };
  std::vector<std::size_t> missing;
  for (std::size_t role = 0; role < roles; ++role) {
    const std::vector<std::size_t> found = candidates(header, static_cast<Role>(role));
    if (found.size() > 1) return refuse(fmt::format("more than one {}", kRoleNames[role]));
    if (found.empty())
      missing.push_back(role);
    else
      out.at[role] = found[0];
  }
  // Who says that the first line is a header does not say that its names are known.
  if (missing.size() == roles && settings.header) return;
  out.by_name = true;
  if (missing.empty()) return;
  if (missing.size() == 1 && missing[0] != kRating && header.size() == roles) {
    for (std::size_t at = 0; at < header.size(); ++at)
      if (meaning(header[at]).empty()) {
        out.at[missing[0]] = at;
        return;
      }
  }
  std::vector<std::string_view> names;
  for (const std::size_t role : missing) names.push_back(kRoleNames[role]);
  refuse(fmt::format("no {}", fmt::join(names, " and no ")));
}

void find_named(const std::vector<Field>& header, const ReadSettings& settings, Columns& out) {
  std::vector<std::string> names;
  for (const Field& field : header) {
    std::string storage;
    names.emplace_back(content(field, storage));
  }
  for (std::size_t role = 0; role < roles_used(settings); ++role) {
    const std::string& wanted = (*settings.columns)[role];
    if (const auto number = to_number<std::size_t>(wanted)) {
      out.at[role] = *number - 1;
      continue;
    }
    const auto count = [&](auto&& matches) { return std::count_if(names.begin(), names.end(), matches); };
    const auto exactly = [&](const std::string& name) { return name == wanted; };
    const auto loosely = [&](const std::string& name) {
      return boost::algorithm::iequals(name, wanted) || boost::algorithm::iequals(untyped(name), wanted);
    };
    if (count(exactly) == 1) {
      out.at[role] = static_cast<std::size_t>(std::find_if(names.begin(), names.end(), exactly) - names.begin());
    } else if (count(exactly) == 0 && count(loosely) == 1) {
      out.at[role] = static_cast<std::size_t>(std::find_if(names.begin(), names.end(), loosely) - names.begin());
    } else {
      std::vector<std::string> shown;
      for (const std::string& name : names) shown.push_back(printable(name));
      out.problem =
          fmt::format("found {} column {} among {}, expected exactly one", count(loosely) == 0 ? "no" : "more than one",
                      printable(wanted), fmt::join(shown, ", "));
      return;
    }
  }
}

}  // namespace

void check_columns(const ReadSettings& settings) {
  if (!settings.columns) return;
  const auto& columns = *settings.columns;
  const bool names = has_names(settings);
  if (names && settings.header == false)
    throw Error::of_setting("columns", "has names, which need a header line, but there is said to be none");
  for (std::size_t role = 0; role < roles_used(settings); ++role) {
    if (columns[role].empty())
      throw Error::of_setting("columns", fmt::format("does not say which column is the {}", kRoleNames[role]));
    if (to_number<std::size_t>(columns[role]) == std::size_t{0})
      throw Error::of_setting("columns", "has a 0, but columns are counted from 1");
    for (std::size_t other = 0; other < role; ++other)
      if (columns[role] == columns[other])
        throw Error::of_setting("columns", fmt::format("names {} for both {} and {}", printable(columns[role]),
                                                       kRoleNames[other], kRoleNames[role]));
  }
}

bool are_names(std::string_view user, std::string_view item) {
  // Single letters are ids sooner than names. Most ids are numbers, and soon told.
  if (user.size() < 2 || item.size() < 2 || std::isdigit(static_cast<unsigned char>(user[0]))) return false;
  return is_named(normalised({.text = user}), kUser, kWords[kUser]) &&
         is_named(normalised({.text = item}), kItem, kWords[kItem]);
}

Columns find_columns(const std::vector<Field>& first, const std::vector<Field>& second, const ReadSettings& settings) {
  Columns out;
  if (has_names(settings)) {
    out.header = true;
    out.by_name = true;
    out.remedy = ")";
    find_named(first, settings, out);
    return out;
  }
  if (settings.columns)
    for (std::size_t role = 0; role < roles_used(settings); ++role)
      out.at[role] = *to_number<std::size_t>((*settings.columns)[role]) - 1;
  out.header = settings.header ? *settings.header : is_header(first, second, out);
  if (out.header && !settings.columns) find_by_words(first, settings, out);
  return out;
}

}  // namespace odot::inline ODOT_PRECISION::reading
