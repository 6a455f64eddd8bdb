// LIBMF's text model: "f FUNCTION", "m ROWS", "n COLUMNS", "k RANK", "b CONSTANT", then a line "p0 T 0.1 0.2 …" for
// each row of P and "q0 T 0.3 …" for each row of Q; F instead of T, and zeros, where training had no ratings.
// mf_save_model() and mf_predict() of https://github.com/cjlin1/libmf
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "model/formats/id_lines.hpp"
#include "model/formats/refuse_link.hpp"
#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "odot/core/output_file.hpp"
#include "odot/model/exchange.hpp"
#include "odot/ratings/write.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/source.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kMostRowsOfAnId = 10;  // by id: more are not worth the empty lines

// Loss functions: squares, absolute values and divergence of real values; losses of two classes; one-class.
constexpr int kRealFunctions[] = {0, 1, 2};
constexpr int kClassFunctions[] = {5, 6, 7};
constexpr int kOneClassFunctions[] = {10, 11, 12};

bool is_one_of(std::span<const int> functions, int function) {
  return std::ranges::find(functions, function) != functions.end();
}

// The number that an id is, if it is spelled as LIBMF does.
std::optional<std::int32_t> row_number(std::string_view id) {
  if (id.empty() || id[0] < '0' || id[0] > '9') return std::nullopt;  // as "-0"
  if (id.size() > 1 && id[0] == '0') return std::nullopt;
  const std::optional<std::int32_t> number = to_number<std::int32_t>(id);
  if (number == std::numeric_limits<std::int32_t>::max()) return std::nullopt;  // one more would be no number of rows
  return number;
}

// For each row of LIBMF's the index of its id, kUnknown where there is none; nothing unless by id is sensible.
std::optional<std::vector<Index>> rows_by_id(const IdTable& ids) {
  std::int32_t last = -1;  // there is none
  for (Index index = 0; index < ids.size(); ++index) {
    const std::optional<std::int32_t> number = row_number(ids[index]);
    if (!number) return std::nullopt;
    last = std::max(last, *number);
  }
  const std::size_t count = static_cast<std::size_t>(last) + 1;
  if (count > kMostRowsOfAnId * (ids.size() + 1)) return std::nullopt;
  std::vector<Index> rows(count, kUnknown);
  for (Index index = 0; index < ids.size(); ++index) {
    rows[static_cast<std::size_t>(*row_number(ids[index]))] = index;
  }
  return rows;
}

std::vector<Index> rows_in_order(const IdTable& ids) {
  std::vector<Index> rows(ids.size());
  for (Index index = 0; index < ids.size(); ++index) rows[index] = index;
  return rows;
}

// Writes the rows of P, or of Q. `extra` are the elements beyond the rank, which extra_of(row's values, 0 …) gives.
void write_rows(char letter, const std::vector<Index>& rows, const FactorLayout& layout, const Real* first,
                std::size_t extra, const auto& extra_of, OutputFile& file) {
  const auto rank = static_cast<std::size_t>(layout.rank);
  std::string text;
  const auto add = [&](Real value) {
    text += ' ';
    append_number(text, value);
  };
  for (std::size_t row = 0; row < rows.size(); ++row) {
    text = fmt::format("{}{} {}", letter, row, rows[row] == kUnknown ? 'F' : 'T');
    if (rows[row] == kUnknown) {
      for (std::size_t k = 0; k < rank + extra; ++k) text += " 0";
    } else {
      const Real* values = first + rows[row] * layout.stride();
      for (std::size_t k = 0; k < rank; ++k) add(values[k]);
      for (std::size_t k = 0; k < extra; ++k) add(static_cast<Real>(extra_of(values, k)));
    }
    text += " \n";  // as LIBMF has it
    file.write(text);
  }
}

// One side's numbering, and the file of its ids where they are none.
struct Numbering {
  Numbering(const IdTable& ids, const OutputFile& beside, const std::string& id_file) {
    if (ids.size() > static_cast<Index>(std::numeric_limits<std::int32_t>::max())) {
      throw Error(fmt::format("there are {} rows, more than LIBMF can count", ids.size()));
    }
    std::optional<std::vector<Index>> by_id = rows_by_id(ids);
    if (!by_id) {
      if (beside.descriptor() < 0) {
        throw Error(fmt::format("cannot write {}: ids that are no numbers need a file beside it, and it is no file",
                                beside.path()),
                    ErrorKind::system);
      }
      file.emplace(id_file);
    }
    rows = by_id ? std::move(*by_id) : rows_in_order(ids);
    if (file) write_id_lines(ids, *file);
  }
  LibmfRows describe() const { return {!file, rows.size(), file ? file->path() : ""}; }

  std::vector<Index> rows;
  std::optional<OutputFile> file;
};

// Where LIBMF's text is wrong.
[[noreturn]] void fail(const reading::Source& source, std::size_t line, const std::string& problem) {
  source.check_unchanged();
  throw Error(fmt::format("{}:{}: {}", source.name(), line, problem));
}

// The words of a line.
std::string_view take_word(std::string_view& line) {
  line = reading::trim(line);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

// To the nearest Real, not through a double.
bool parse_real(std::string_view text, Real& value) {
  const std::optional<Real> number = to_number<Real>(text);
  if (!number) return reading::parse_rating(text, value);
  value = *number;
  return true;
}

struct Header {
  int function = 0;
  Index users = 0;
  Index items = 0;
  int rank = 0;
  double constant = 0;
  std::map<char, std::size_t> lines{};  // where each is
};

class LibmfReader {
 public:
  explicit LibmfReader(const std::string& path) : source_(path, {"a LIBMF model", "a row of it"}) {
    text_ = source_.text();
  }

  Header header() {
    Header header;
    while (!text_.empty()) {
      std::string_view rest = text_;
      std::string_view line = reading::take_line(rest);
      const std::string_view word = take_word(line);
      if (word.size() > 1 && (word[0] == 'p' || word[0] == 'q')) break;
      text_ = rest;
      ++line_;
      const std::string_view name = word == "solver" ? "f" : word;  // LIBMF 2.00 called it so
      const std::string_view value = take_word(line);
      const std::optional<double> read = to_number<double>(value);
      const double number = read.value_or(0);
      const bool is_count = read && number >= 0 && number == std::floor(number) && number < kUnknown;
      if (name.size() != 1 || std::string_view("fmnkb").find(name[0]) == std::string_view::npos) {
        fail(source_, line_,
             fmt::format("found {}, expected the header of a LIBMF model: f, m, n, k and b, a line \"NAME NUMBER\" for "
                         "each",
                         reading::printable(word)));
      }
      const bool fits = std::abs(number) <= static_cast<double>(std::numeric_limits<Real>::max());
      if (!read || !fits || (name != "b" && !is_count) || !take_word(line).empty()) {
        fail(source_, line_,
             fmt::format("found {} as {}, expected {}", reading::printable(value), name,
                         name == "b" ? "a number" : "a whole number"));
      }
      header.lines[name[0]] = line_;
      if (name == "f") header.function = static_cast<int>(number);
      if (name == "m") header.users = static_cast<Index>(number);
      if (name == "n") header.items = static_cast<Index>(number);
      if (name == "k") header.rank = static_cast<int>(std::min(number, 2147483647.0));
      if (name == "b") header.constant = number;
    }
    for (const char needed : {'m', 'n', 'k'}) {
      if (header.lines.count(needed) == 0) {
        fail(source_, line_ + 1, fmt::format("there is no line \"{} NUMBER\" before the rows", needed));
      }
    }
    check(header);
    return header;
  }

  // A row: true, and its values, or false where it has none.
  bool row(char letter, Index number, std::span<Real> values) {
    if (text_.empty()) {
      fail(source_, line_ + 1, fmt::format("the file ends where the row {}{} should be", letter, number));
    }
    std::string_view line = reading::take_line(text_);
    ++line_;
    const std::string name = fmt::format("{}{}", letter, number);
    const std::string_view found = take_word(line);
    if (found != name) fail(source_, line_, fmt::format("found {}, expected {}", reading::printable(found), name));
    std::string_view word = take_word(line);
    const bool empty = word == "F";
    if (empty || word == "T") word = take_word(line);  // LIBMF 1 had neither
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (word.empty()) {
        fail(source_, line_, fmt::format("found {} numbers in the row {}, expected {}", k, name, values.size()));
      }
      if (!parse_real(word, values[k])) {
        fail(source_, line_,
             fmt::format("found {} in the row {}, expected a finite number", reading::printable(word), name));
      }
      word = take_word(line);
    }
    if (!word.empty()) {
      fail(source_, line_, fmt::format("found more than {} numbers in the row {}", values.size(), name));
    }
    return !empty;
  }

  const std::string& name() const { return source_.name(); }

  void end() {
    while (!text_.empty()) {
      ++line_;
      if (!reading::trim(reading::take_line(text_)).empty()) fail(source_, line_, "found something after the last row");
    }
    source_.check_unchanged();
  }

 private:
  void check(const Header& header) const {
    if (is_one_of(kClassFunctions, header.function)) {
      fail(source_, header.lines.at('f'),
           fmt::format("f is {}, a classification: LIBMF predicts the sign of P·Q, which odot does not",
                       header.function));
    }
    if (!is_one_of(kRealFunctions, header.function) && !is_one_of(kOneClassFunctions, header.function)) {
      fail(source_, header.lines.at('f'),
           fmt::format("f is {}, expected one of {}, {}", header.function, fmt::join(kRealFunctions, ", "),
                       fmt::join(kOneClassFunctions, ", ")));
    }
    if (header.rank < 1 || header.rank > kHighestRank) {
      fail(source_, header.lines.at('k'),
           fmt::format("k is {}, expected a rank from 1 to {}", header.rank, kHighestRank));
    }
    // So that no memory is asked for that the file cannot fill: a number takes two characters.
    const double least = 2.0 * header.rank * (static_cast<double>(header.users) + header.items);
    if (least > static_cast<double>(text_.size())) {
      fail(source_, line_,
           fmt::format("m, n and k are {}, {} and {}, but the file is too short for so many rows", header.users,
                       header.items, header.rank));
    }
  }

  reading::Source source_;
  std::string_view text_;
  std::size_t line_ = 0;
};

// Reads the rows of one side to where `to` points, leaving out the empty ones, and gives the others their ids. Moves
// `to` on.
Index read_side(LibmfReader& reader, char letter, Index count, const std::vector<std::string>& names,
                const FactorLayout& layout, Real*& to, IdTable& ids) {
  const char* what = letter == 'p' ? "P (users)" : "Q (items)";
  if (!names.empty() && names.size() != count) {
    throw Error(fmt::format("{}: found {} rows of {}, but there are {} ids for them", reader.name(), count, what,
                            names.size()));
  }
  for (Index number = 0; number < count; ++number) {
    if (!reader.row(letter, number, {to, layout.width()})) {
      std::fill_n(to, layout.width(), Real{0});
      continue;
    }
    const std::string id = names.empty() ? std::to_string(number) : names[number];
    const Index known = ids.size();
    if (ids.add(id) != known)
      throw Error(fmt::format("the id {} occurs twice among those for {}", reading::printable(id), what));
    to += layout.stride();
  }
  return count - ids.size();
}

}  // namespace

LibmfExport export_libmf(const Factorization& model, const std::string& path) {
  refuse_link(model, "libmf");
  const FactorLayout& layout = model.layout;
  OutputFile file(path);
  Numbering users(model.users, file, path + ".users");
  Numbering items(model.items, file, path + ".items");
  const std::size_t extra = layout.biases ? 2 : model.mean != 0 ? 1 : 0;
  const int rank = layout.rank + static_cast<int>(extra);
  file.write(fmt::format("f 0\nm {}\nn {}\nk {}\nb {}\n", users.rows.size(), items.rows.size(), rank,
                         static_cast<Real>(model.unknown_mean)));
  // P has (bias + mean, 1), Q has (1, bias), or with the mean alone mean and 1.
  const Real* theta = model.theta.data();
  const auto bias = [&](const Real* row, int column) {
    return column < 0 ? 0 : static_cast<double>(row[column]) * model.pin;
  };
  write_rows(
      'p', users.rows, layout, theta, extra,
      [&](const Real* row, std::size_t k) { return k == 1 ? 1.0 : model.mean + bias(row, layout.user_bias()); }, file);
  write_rows(
      'q', items.rows, layout, theta + layout.item_row(0), extra,
      [&](const Real* row, std::size_t k) { return k == 0 ? 1.0 : bias(row, layout.item_bias()); }, file);
  std::vector<OutputFile*> files{&file};
  for (Numbering* side : {&users, &items}) {
    if (side->file) files.push_back(&*side->file);
  }
  OutputFile::commit_together(files);
  return {users.describe(), items.describe(), rank};
}

LibmfImport import_libmf(const std::string& path, const std::vector<std::string>& user_ids,
                         const std::vector<std::string>& item_ids) {
  LibmfReader reader(path);
  const Header header = reader.header();
  LibmfImport result;
  Factorization& model = result.model;
  model.layout = {header.users, header.items, header.rank, false};
  model.theta.assign(model.layout.size(), Real{0});
  Real* row = model.theta.data();
  result.empty_users = read_side(reader, 'p', header.users, user_ids, model.layout, row, model.users);
  result.empty_items = read_side(reader, 'q', header.items, item_ids, model.layout, row, model.items);
  reader.end();
  model.layout.users = model.users.size();
  model.layout.items = model.items.size();
  model.theta.resize(model.layout.size());
  model.unknown_mean = header.constant;
  // No range is known, so that none is what clipping keeps to.
  model.lowest = -static_cast<double>(std::numeric_limits<Real>::max());
  model.highest = -model.lowest;
  model.clip = false;
  model.settings = {{"imported-from", "LIBMF"}};
  return result;
}

}  // namespace odot::inline ODOT_PRECISION
