// Reading JSON that anybody may have written.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// Arrays and objects within one another that a text may have: more than any file of odot has, and few enough that
/// whatever goes down them, destructors among it, has the stack for it.
inline constexpr int kMostJsonDepth = 16;

/// Keys that an object of ordered_json may have, which looks each new one up among all before.
inline constexpr std::size_t kMostOrderedKeys = 1000;

/// Looks at a text without keeping it. (Parsers that are given a callback look, at the end of each object, at all that
/// its parent holds.)
template <class Json>
class JsonWatcher : public nlohmann::json_sax<Json> {
 public:
  /// The first key that stands twice in one object, where that was the end.
  const std::optional<std::string>& repeated() const { return repeated_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(typename Json::number_integer_t) override { return true; }
  bool number_unsigned(typename Json::number_unsigned_t) override { return true; }
  bool number_float(typename Json::number_float_t, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(typename Json::binary_t&) override { return true; }
  bool start_array(std::size_t) override { return ++depth_ <= kMostJsonDepth; }
  bool end_array() override { return --depth_ >= 0; }
  bool start_object(std::size_t) override {
    keys_.emplace_back();
    return ++depth_ <= kMostJsonDepth;
  }
  bool key(std::string& key) override {
    if (keys_.back().size() >= kMostKeys) return false;
    if (keys_.back().insert(key).second) return true;
    repeated_ = key;
    return false;
  }
  bool end_object() override {
    keys_.pop_back();
    return --depth_ >= 0;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  static constexpr std::size_t kMostKeys =
      std::same_as<Json, nlohmann::ordered_json> ? kMostOrderedKeys : std::numeric_limits<std::size_t>::max();

  int depth_ = 0;
  std::vector<std::set<std::string>> keys_;  // of the objects that have begun
  std::optional<std::string> repeated_;
};

/// Parses `text`. What is no JSON, is nested too deeply, or has an object with a key twice (which `watcher` then tells)
/// or of too many keys gives a discarded value, from which no value can be taken without an exception of Json's. Takes
/// up to about 50 times the memory of the text, and time in proportion to it.
template <class Json>
Json parse_json(std::string_view text, JsonWatcher<Json>& watcher) {
  if (!Json::sax_parse(text, &watcher)) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

template <class Json>
Json parse_json(std::string_view text) {
  JsonWatcher<Json> watcher;
  return parse_json(text, watcher);
}

}  // namespace odot::inline ODOT_PRECISION
