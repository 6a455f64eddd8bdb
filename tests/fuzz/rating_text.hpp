// What must hold for any bytes that are read as a file of ratings.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "memory_file.hpp"
#include "odot/core/error.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/ratings/read.hpp"
#include "odot/ratings/write.hpp"
#include "ratings/text/collect.hpp"
#include "ratings/text/recognise.hpp"

namespace odot::fuzz {

/// Settings by the bits of one byte; 0 leaves all to recognition.
inline ReadSettings settings_of(std::uint8_t bits) {
  constexpr const char* kSeparators[] = {"::", ",", " ", "-;-"};
  ReadSettings settings;
  settings.pairs_only = bits & 1;
  settings.duplicates = static_cast<Duplicates>(bits >> 1 & 3);
  if (bits & 8) settings.header = bits & 16;
  if (bits & 32) settings.separator = kSeparators[bits >> 6];
  if ((bits & 24) == 16) settings.columns = {{"2", "3", "1"}};
  return settings;
}

/// What a reader made of a text: a list, or a refusal.
struct Outcome {
  RatingList list;
  std::optional<std::string> refusal;
};

template <class Read>
Outcome outcome_of(Read&& read) {
  Outcome out;
  try {
    out.list = read();
  } catch (const Error& error) {
    out.refusal = error.what();
  }
  return out;
}

inline bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0);
}

inline bool same_ids(const IdTable& a, const IdTable& b) {
  if (a.size() != b.size()) return false;
  for (Index k = 0; k < a.size(); ++k) {
    if (a[k] != b[k] || a.find(a[k]) != k) return false;
  }
  return true;
}

inline void expect_same(const Outcome& a, const Outcome& b, const char* what) {
  if (a.refusal != b.refusal) {
    report(fmt::format("{}: \"{}\" and \"{}\"", what, a.refusal.value_or("read"), b.refusal.value_or("read")));
  }
  expect(same_ids(a.list.users, b.list.users) && same_ids(a.list.items, b.list.items), what);
  expect(a.list.ratings.user == b.list.ratings.user && a.list.ratings.item == b.list.ratings.item, what);
  expect(same_bits(a.list.ratings.value, b.list.ratings.value), what);
}

/// Reads the file in pieces of about so many bytes, which must make no difference.
inline Outcome read_in_pieces(const MemoryFile& file, const ReadSettings& settings, std::size_t piece_bytes) {
  return outcome_of([&] {
    const reading::Source source(file.path());
    const reading::Format format = reading::recognise(source.text(), "the input", settings);
    reading::Collector collector;
    collector.add(source, format, piece_bytes);
    return std::move(collector.list());
  });
}

/// The same ratings again, as odot writes them; nothing where it says that it cannot.
inline std::optional<std::string> written(const RatingList& list) {
  std::string lines;
  try {
    for (std::size_t k = 0; k < list.ratings.size(); ++k) {
      append_field(lines, list.users[list.ratings.user[k]], ",");
      lines += ',';
      append_field(lines, list.items[list.ratings.item[k]], ",");
      lines += ',';
      append_number(lines, list.ratings.value[k]);
      lines += '\n';
    }
  } catch (const Error&) {
    return std::nullopt;
  }
  return lines;
}

/// Reads `text` in every way that there is; whatever is refused must be refused by an Error.
inline void read_everyhow(std::string_view text, const ReadSettings& settings) {
  static const MemoryFile file;
  // The bytes themselves, so that reading beyond their end is seen; in a mapping it would not be.
  outcome_of([&] {
    const reading::Format format = reading::recognise(text, "the input", settings);
    IdTable users;
    IdTable items;
    reading::Piece piece;
    reading::parse_piece(text.substr(format.body), format.body, format, reading::KnownIds(users),
                         reading::KnownIds(items), piece);
    return RatingList();
  });

  file.write(text);
  const Outcome whole = read_in_pieces(file, settings, reading::kPieceBytes);
  expect_same(whole, read_in_pieces(file, settings, 24), "the cut into pieces makes a difference");

  Outcome read = outcome_of([&] { return read_ratings({file.path()}, settings).list; });
  // Repeated pairs may still be refused.
  expect(!whole.refusal || read.refusal, "read_ratings() does not refuse what its parts refuse");
  if (read.refusal || settings.pairs_only) return;

  std::set<std::pair<Index, Index>> pairs;
  const Triples& ratings = read.list.ratings;
  for (std::size_t k = 0; k < ratings.size(); ++k) {
    expect(pairs.emplace(ratings.user[k], ratings.item[k]).second, "a pair is there twice");
    expect(ratings.value[k] - ratings.value[k] == 0, "a rating is not finite");
  }
  // A list has the ids of ratings that went as duplicates, too; none goes without its pair.
  if (const auto lines = written(read.list)) {
    file.write(*lines);
    const ReadSettings plain{.separator = ",", .columns = {{"1", "2", "3"}}, .header = false};
    expect_same(read, outcome_of([&] { return read_ratings({file.path()}, plain).list; }),
                "what was written does not come back");
  }
  const RatingMatrix matrix(read.list.users.size(), read.list.items.size(), std::move(read.list.ratings));
  expect(matrix.size() == pairs.size(), "the matrix has lost ratings");
}

}  // namespace odot::fuzz
