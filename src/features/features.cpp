// What the columns of a feature file are, and the inputs that they give.
#include "odot/features/features.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "features/lines.hpp"
#include "features/specification.hpp"
#include "odot/core/error.hpp"
#include "odot/core/spelling.hpp"
#include "ratings/text/columns.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using namespace reading;

constexpr std::size_t kMostInputs = 4096;  // of a file

bool is_number(std::string_view text) {
  Real ignored = 0;
  return parse_rating(text, ignored);
}

// The first row at or after `from` whose field is no number, or rows().
std::size_t first_text(const FeatureLines& lines, std::size_t column, std::size_t from) {
  std::size_t row = from;
  while (row < lines.rows() && is_number(lines.at(row, column))) ++row;
  return row;
}

// As in files of ratings by the id's column, or where a column of numbers begins with a word.
bool has_header(const FeatureLines& lines) {
  if (lines.rows() < 2) return false;
  const auto id = [&](std::size_t row) { return std::vector<Field>{{lines.at(row, 0), false}}; };
  if (find_columns(id(0), id(1), {.pairs_only = true}).header) return true;
  for (std::size_t column = 0; column < lines.columns(); ++column) {
    const std::string_view first = lines.at(0, column);
    if (!first.empty() && !is_number(first) && first_text(lines, column, 1) == lines.rows()) return true;
  }
  return false;
}

std::string header_name(const FeatureLines& lines, std::size_t column) {
  return lines.names().empty() ? std::string() : lines.names()[column];
}

double number_at(const FeatureLines& lines, std::size_t row, std::size_t column) {
  const std::string_view text = lines.at(row, column);
  Real value = 0;
  if (!parse_rating(text, value)) {
    lines.fail(row,
               fmt::format("found {} in {}, expected a finite number", printable(text), lines.column_name(column)));
  }
  return static_cast<double>(value);
}

// The words as messages show them.
template <class Words>
std::string printable_list(const Words& words) {
  std::vector<std::string> shown;
  for (const auto& word : words) shown.push_back(printable(word));
  return fmt::format("{}", fmt::join(shown, ", "));
}

FeatureColumn numeric_column(const FeatureLines& lines, std::size_t position) {
  FeatureColumn column{.name = header_name(lines, position), .position = position};
  for (std::size_t row = 0; row < lines.rows(); ++row) {
    const double number = number_at(lines, row, position);
    column.lowest = row == 0 ? number : std::min(column.lowest, number);
    column.highest = row == 0 ? number : std::max(column.highest, number);
  }
  return column;
}

// Stops early, with more than `most` categories, where there are so many.
FeatureColumn categorical_column(const FeatureLines& lines, std::size_t position, std::size_t most) {
  FeatureColumn column{.name = header_name(lines, position), .position = position, .categorical = true};
  std::set<std::string, std::less<>> words;
  bool one_each = true;
  for (std::size_t row = 0; row < lines.rows() && words.size() <= most; ++row) {
    std::size_t count = 0;
    lines.for_each_word(row, position, [&](std::string_view word) {
      words.emplace(word);
      ++count;
    });
    one_each &= count == 1;
  }
  column.categories.assign(words.begin(), words.end());
  column.single = one_each && words.size() == 2;
  return column;
}

std::string describe(const FeatureColumn& column) {
  if (!column.categorical) return fmt::format("a number from {} to {}", column.lowest, column.highest);
  return fmt::format("one of {} categories, {} input{}: {}", column.categories.size(), column.inputs(),
                     column.inputs() == 1 ? "" : "s", printable_list(column.categories));
}

// Chooses all columns by the one rule that read_features() states.
void infer_columns(const FeatureLines& lines, FeatureTable& table) {
  const auto note = [&](std::size_t position, const std::string& text) {
    table.notes.push_back(fmt::format("{}: {}", lines.column_name(position), text));
  };
  for (std::size_t position = 0; position < lines.columns(); ++position) {
    const bool is_id = position == 0;
    const std::string what = is_id ? "the id, " : "";
    const std::size_t text_row = first_text(lines, position, 0);
    if (text_row == lines.rows()) {
      table.encoding.columns.push_back(numeric_column(lines, position));
      note(position, what + describe(table.encoding.columns.back()));
      continue;
    }
    const std::string because =
        fmt::format("{} in line {} is no number", printable(lines.at(text_row, position)), lines.line(text_row));
    if (is_id) {
      note(position, fmt::format("the id, no input: {}", because));
      continue;
    }
    FeatureColumn column = categorical_column(lines, position, kMostCategories);
    if (column.categories.empty()) {
      note(position, "ignored: it is empty");
    } else if (column.categories.size() > kMostCategories) {
      note(position, fmt::format("ignored: {} and there are more than {} different words", because, kMostCategories));
    } else {
      note(position, describe(column));
      table.encoding.columns.push_back(std::move(column));
    }
  }
}

std::size_t resolve(const FeatureLines& lines, const SpecifiedColumn& wanted) {
  if (wanted.number) {
    if (*wanted.number <= lines.columns()) return *wanted.number - 1;
    throw Error(fmt::format("{}: found {} columns, expected a column {} of features", lines.name(), lines.columns(),
                            *wanted.number));
  }
  if (const auto found = lines.find(wanted.name)) return *found;
  std::vector<std::string_view> known(lines.names().begin(), lines.names().end());
  throw Error(fmt::format("{}: found not exactly one column {} of features: the header (line 1) has {}", lines.name(),
                          printable(wanted.name), fmt::join(nearest_first(known, wanted.name), ", ")));
}

void take_specified(const FeatureLines& lines, const std::vector<SpecifiedColumn>& specification, FeatureTable& table) {
  std::set<std::size_t> used;
  for (const SpecifiedColumn& wanted : specification) {
    const std::size_t position = resolve(lines, wanted);
    if (wanted.use == ColumnUse::id) {
      table.encoding.id_position = position;
      continue;
    }
    if (wanted.use == ColumnUse::ignore) continue;
    if (!used.insert(position).second) {
      throw Error(
          fmt::format("the features of {} name the column {} twice", lines.name(), lines.column_name(position)));
    }
    table.encoding.columns.push_back(wanted.use == ColumnUse::numeric
                                         ? numeric_column(lines, position)
                                         : categorical_column(lines, position, kMostInputs));
    table.notes.push_back(fmt::format("{}: {}", lines.column_name(position), describe(table.encoding.columns.back())));
  }
}

void read_ids(const FeatureLines& lines, FeatureTable& table) {
  const std::size_t position = table.encoding.id_position;
  for (std::size_t row = 0; row < lines.rows(); ++row) {
    const std::string_view id = lines.at(row, position);
    if (id.empty()) lines.fail(row, fmt::format("found an empty {}, expected an id", lines.column_name(position)));
    const Index index = table.ids.add(id);
    if (index != row) {
      lines.fail(row, fmt::format("found a second line for the id {}, expected one: the first is line {}",
                                  printable(id), lines.line(index)));
    }
  }
}

// Writes the inputs of one column of a row to `out`.
void encode(const FeatureLines& lines, std::size_t row, const FeatureColumn& column, Real* out) {
  if (!column.categorical) {
    const double number = number_at(lines, row, column.position);
    const double range = column.highest - column.lowest;
    out[0] = range > 0 ? static_cast<Real>((number - column.lowest) / range) : Real{0};
    return;
  }
  const std::vector<std::string>& known = column.categories;
  std::size_t words = 0;
  lines.for_each_word(row, column.position, [&](std::string_view word) {
    const auto found = std::lower_bound(known.begin(), known.end(), word);
    if (found == known.end() || *found != word) {
      const std::vector<std::string_view> names(known.begin(), known.end());
      lines.fail(row, fmt::format("found the category {} in {}, expected one that is known: {}", printable(word),
                                  lines.column_name(column.position), printable_list(nearest_first(names, word))));
    }
    const auto at = static_cast<std::size_t>(found - known.begin());
    if (!column.single) {
      out[at] = 1;
    } else if (at == 1) {
      out[0] = 1;
    }
    ++words;
  });
  if (column.single && words != 1) {
    lines.fail(row, fmt::format("found {} in {}, expected either {} or {}", printable(lines.at(row, column.position)),
                                lines.column_name(column.position), printable(known[0]), printable(known[1])));
  }
}

// Fills in ids and inputs once the encoding is known.
void encode_all(const FeatureLines& lines, FeatureTable& table) {
  const std::size_t width = table.encoding.inputs();
  if (width > kMostInputs) {
    throw Error(
        fmt::format("{}: found features that give {} inputs, expected at most {}: ignore columns of many "
                    "categories",
                    lines.name(), width, kMostInputs));
  }
  read_ids(lines, table);
  table.inputs.assign(lines.rows() * width, Real{0});
  for (std::size_t row = 0; row < lines.rows(); ++row) {
    Real* out = table.inputs.data() + row * width;
    for (const FeatureColumn& column : table.encoding.columns) {
      encode(lines, row, column, out);
      out += column.inputs();
    }
  }
}

// Where the file's header names every column of the encoding.
bool has_header_of(const FeatureLines& lines, const FeatureEncoding& encoding) {
  const auto has = [&](const std::string& name) {
    for (std::size_t column = 0; column < lines.columns(); ++column) {
      if (lines.at(0, column) == name) return true;
    }
    return false;
  };
  return !encoding.id_name.empty() && has(encoding.id_name) &&
         std::all_of(encoding.columns.begin(), encoding.columns.end(),
                     [&](const FeatureColumn& column) { return has(column.name); });
}

}  // namespace

void check_feature_specification(const std::string& specification) { parse_specification(specification); }

FeatureTable read_features(const std::string& path, const std::string& specification) {
  const std::vector<SpecifiedColumn> specified = parse_specification(specification);
  FeatureLines lines(path);
  const bool named = std::any_of(specified.begin(), specified.end(), [](const auto& c) { return !c.number; });
  if (named || has_header(lines)) lines.take_header();
  FeatureTable table{.path = lines.name(), .ids = {}, .encoding = {}, .inputs = {}};
  if (specified.empty()) {
    infer_columns(lines, table);
  } else {
    take_specified(lines, specified, table);
  }
  table.encoding.id_name = header_name(lines, table.encoding.id_position);
  encode_all(lines, table);
  lines.check_unchanged();
  return table;
}

FeatureTable read_features(const std::string& path, const FeatureEncoding& encoding) {
  FeatureLines lines(path);
  if (has_header_of(lines, encoding) || has_header(lines)) lines.take_header();
  FeatureTable table{.path = lines.name(), .ids = {}, .encoding = encoding, .inputs = {}};
  const auto place = [&](const std::string& name, std::size_t position) {
    if (!name.empty() && !lines.names().empty()) return resolve(lines, {.name = name, .number = {}});
    return resolve(lines, {.name = {}, .number = position + 1});
  };
  table.encoding.id_position = place(encoding.id_name, encoding.id_position);
  for (FeatureColumn& column : table.encoding.columns) column.position = place(column.name, column.position);
  encode_all(lines, table);
  lines.check_unchanged();
  return table;
}

}  // namespace odot::inline ODOT_PRECISION
