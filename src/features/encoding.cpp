// Encodings of features as JSON.
#include <algorithm>
#include <boost/locale/utf.hpp>
#include <cmath>
#include <cstdint>

#include "core/json.hpp"
#include "odot/core/error.hpp"
#include "odot/features/features.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using nlohmann::json;

bool is_utf8(const std::string& text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  for (auto at = text.begin(); at != text.end();) {
    const auto point = Utf8::decode(at, text.end());
    if (point == boost::locale::utf::illegal || point == boost::locale::utf::incomplete) return false;
  }
  return true;
}

// JSON strings are UTF-8; other text is a list of its bytes.
json from_text(const std::string& text) {
  if (is_utf8(text)) return text;
  return std::vector<std::uint8_t>(text.begin(), text.end());
}

std::string to_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string text;
  for (const std::uint8_t byte : value.get<std::vector<std::uint8_t>>()) text.push_back(static_cast<char>(byte));
  return text;
}

json from_column(const FeatureColumn& column) {
  json out{{"name", from_text(column.name)}, {"position", column.position}};
  if (!column.categorical) {
    out["lowest"] = column.lowest;
    out["highest"] = column.highest;
    return out;
  }
  out["categories"] = json::array();
  for (const std::string& category : column.categories) out["categories"].push_back(from_text(category));
  out["single"] = column.single;
  return out;
}

std::size_t to_position(const json& value) {
  constexpr std::uint64_t kMostColumns = 1'000'000;
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= kMostColumns) {
    throw Error("an encoding of features has the position " + value.dump() + ", which is none of a column");
  }
  return value.get<std::size_t>();
}

FeatureColumn to_column(const json& entry) {
  FeatureColumn column{.name = to_text(entry.at("name")), .position = to_position(entry.at("position"))};
  column.categorical = entry.contains("categories");
  if (!column.categorical) {
    column.lowest = entry.at("lowest").get<double>();
    column.highest = entry.at("highest").get<double>();
    if (!(column.lowest <= column.highest)) throw Error("a column of numbers has an empty range");
    return column;
  }
  for (const json& category : entry.at("categories")) column.categories.push_back(to_text(category));
  column.single = entry.at("single").get<bool>();
  const auto& known = column.categories;
  if (std::adjacent_find(known.begin(), known.end(), std::greater_equal<>()) != known.end()) {
    throw Error("the categories of a column do not ascend");
  }
  if (column.single && known.size() != 2) throw Error("a column with a single input has not two categories");
  return column;
}

}  // namespace

std::size_t FeatureEncoding::inputs() const {
  std::size_t sum = 0;
  for (const FeatureColumn& column : columns) sum += column.inputs();
  return sum;
}

std::string to_json(const FeatureEncoding& encoding) {
  json columns = json::array();
  for (const FeatureColumn& column : encoding.columns) columns.push_back(from_column(column));
  return json{{"id", {{"name", from_text(encoding.id_name)}, {"position", encoding.id_position}}}, {"columns", columns}}
      .dump();
}

FeatureEncoding feature_encoding_from_json(const std::string& text) {
  try {
    const json parsed = parse_json<json>(text);
    FeatureEncoding encoding;
    encoding.id_name = to_text(parsed.at("id").at("name"));
    encoding.id_position = to_position(parsed.at("id").at("position"));
    for (const json& column : parsed.at("columns")) encoding.columns.push_back(to_column(column));
    return encoding;
  } catch (const json::exception& error) {
    throw Error(std::string("an encoding of features is not as it should be: ") + error.what());
  }
}

}  // namespace odot::inline ODOT_PRECISION
