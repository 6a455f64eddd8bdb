// Telling by their first bytes what files are that hold no text of ratings.
#include "ratings/text/foreign.hpp"

#include <fmt/format.h>

#include <boost/algorithm/string/predicate.hpp>
#include <cstdint>

#include "odot/core/error.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLooked = 4096;  // bytes

struct Signature {
  std::string_view bytes;
  std::string_view name;
  std::string_view remedy;
};
constexpr Signature kSignatures[] = {
    {"PK\x03\x04"sv, "a zip archive", "unzip -p FILE MEMBER | odot … - reads a file in it; save a spreadsheet as CSV"},
    {"BZh"sv, "bzip2 data", "bzip2 -dc FILE | odot … - reads it"},
    {"\xfd\x37zXZ\0"sv, "xz data", "xz -dc FILE | odot … - reads it"},
    {"\x5d\0\0"sv, "lzma data", "xz -dc FILE | odot … - reads it"},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7z archive", "7z x -so FILE MEMBER | odot … - reads a file in it"},
    {"Rar!\x1a\x07"sv, "a rar archive", "unrar p -inul FILE MEMBER | odot … - reads a file in it"},
    {"\x04\x22\x4d\x18"sv, "lz4 data", "lz4 -dc FILE | odot … - reads it"},
    {"\x1f\x9d"sv, "data of compress", "gzip -dc FILE | odot … - reads it"},
    {"PAR1"sv, "a Parquet file", "write it as CSV, e.g. with to_csv of pandas"},
    {"ARROW1"sv, "an Arrow file", "write it as CSV, e.g. with to_csv of pandas"},
    {"\x89HDF"sv, "an HDF5 file", "write it as CSV, e.g. with to_csv of pandas"},
    {"SQLite format 3\0"sv, "an SQLite database",
     "sqlite3 -csv FILE 'select user, item, rating from ratings' | odot … - reads a table"},
    {"\x93NUMPY"sv, "a NumPy array", "write it with numpy.savetxt"},
    {"\xd0\xcf\x11\xe0"sv, "an old office file", "save a spreadsheet as CSV"},
    {"\x1f\x8b"sv, "gzip data inside the compression", "gzip -dc FILE | odot … - reads it"},
    {"\x28\xb5\x2f\xfd"sv, "zstd data inside the compression", "zstd -dc FILE | odot … - reads it"},
};

constexpr std::uint64_t kLongestHeader = 100'000'000;  // of a safetensors file

bool looks_like_model(std::string_view text) {
  if (text.size() < 10 || text[8] != '{') return false;
  std::uint64_t length = 0;
  for (std::size_t k = 8; k-- > 0;) length = length << 8 | static_cast<unsigned char>(text[k]);
  return length <= kLongestHeader;
}

/// Name, as iconv knows it, of the encoding of text in which bytes at some places are zero and none elsewhere: those of
/// Latin letters and, whatever the ids are, of digits, separators and line ends.
std::string_view wide_encoding(std::string_view text) {
  if (text.starts_with("\xff\xfe\0\0"sv) || text.starts_with("\0\0\xfe\xff"sv)) return "UTF-32";
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return "UTF-16";
  text = text.substr(0, std::min(text.size(), kLooked) / 4 * 4);
  if (text.size() < 8) return {};
  std::size_t zeros[4] = {};
  for (std::size_t at = 0; at < text.size(); ++at) zeros[at % 4] += text[at] == '\0';
  const std::size_t all = text.size() / 4;
  const auto mostly = [&](std::size_t k) { return 10 * zeros[k] >= 9 * all; };
  if (mostly(1) && mostly(2) && mostly(3) && zeros[0] == 0) return "UTF-32LE";
  if (mostly(0) && mostly(1) && mostly(2) && zeros[3] == 0) return "UTF-32BE";
  const std::size_t odd = zeros[1] + zeros[3];
  const std::size_t even = zeros[0] + zeros[2];
  const std::size_t newline = text.find('\n');
  if (newline == std::string_view::npos || newline + 1 == text.size()) return {};
  if (2 * odd >= all && even == 0 && newline % 2 == 0 && text[newline + 1] == '\0') return "UTF-16LE";
  if (2 * even >= all && odd == 0 && newline % 2 == 1 && text[newline - 1] == '\0') return "UTF-16BE";
  return {};
}

/// Text that is something else than lines of columns.
Signature foreign_text(std::string_view text) {
  text = without_byte_order_mark(text).substr(0, kLooked);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.starts_with("version https://git-lfs.github.com/spec/"))
    return {{}, "a pointer of git-lfs in place of the file", "git lfs pull fetches it"};
  for (const std::string_view start : {"<!doctype"sv, "<!--"sv, "<html"sv, "<head"sv, "<body"sv})
    if (boost::algorithm::istarts_with(text, start))
      return {{}, "an HTML page, such as servers send instead of a file", "download it again and look at it"};
  if (text.starts_with("<?xml")) return {{}, "an XML file", "write it as CSV"};
  const std::size_t in = text.find_first_not_of(" \t\r\n", 1);
  if (in == std::string_view::npos) return {};
  if (text[0] == '{' && text[in] == '"')
    return {{}, "JSON", "jq -r '[.user, .item, .rating] | @csv' FILE | odot … - reads such lines"};
  if (text[0] == '[' && (text[in] == '{' || text[in] == '['))
    return {{}, "JSON", "jq -r '.[] | [.user, .item, .rating] | @csv' FILE | odot … - reads such a list"};
  const std::string_view line = trim(take_line(text));
  if (line[0] == '[' && line.find(']') == line.size() - 1 && line.find_first_of("\"-0123456789") == in)
    return {{}, "JSON", "jq -r @csv FILE | odot … - reads such lines"};
  return {};
}

}  // namespace

void refuse_foreign(std::string_view text, const std::string& name, const Contents& contents) {
  const auto refuse = [&](std::string_view found, std::string_view remedy) {
    throw Error(fmt::format("{}: found {}, expected text with {} on each line, plain or compressed with gzip or zstd{}",
                            name, found, contents.line, remedy.empty() ? "" : fmt::format(" ({})", remedy)));
  };
  if (looks_like_model(text)) refuse("what looks like a model file (safetensors)", "");
  if (const std::string_view encoding = wide_encoding(text); !encoding.empty())
    throw Error(fmt::format("{}: found {} text, expected UTF-8 (iconv -f {} -t UTF-8 converts it)", name,
                            encoding.substr(0, 6), encoding));
  for (const Signature& signature : kSignatures) {
    // A text may well begin with the letters of a signature, but not go on as binary data do.
    if (text.starts_with(signature.bytes) && find_binary(text.substr(0, kLooked), {}) != std::string_view::npos)
      refuse(signature.name, signature.remedy);
  }
  if (text.size() > 262 && text.substr(257, 5) == "ustar")
    refuse("a tar archive", "tar -xOf FILE MEMBER | odot … - reads a file in it");
  if (const Signature found = foreign_text(text); !found.name.empty()) refuse(found.name, found.remedy);
}

}  // namespace odot::inline ODOT_PRECISION::reading
