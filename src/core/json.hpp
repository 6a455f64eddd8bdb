// Reading JSON that anybody may have written.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// Arrays and objects within one another that a text may have: more than any file of odot has, and few enough that
/// whatever goes down them, destructors among it, has the stack for it.
inline constexpr int kMostJsonDepth = 16;

/// Parses `text`; `watch`, if given, is told of what is read as nlohmann's callbacks are. What is no JSON, or is nested
/// too deeply, is read no further and gives a discarded value, from which no value can be taken without an exception of
/// Json's. Takes up to about 50 times the memory of the text.
template <class Json>
Json parse_json(std::string_view text, const typename Json::parser_callback_t& watch = {}) {
  struct TooDeep {};
  try {
    return Json::parse(
        text,
        [&](int depth, typename Json::parse_event_t event, Json& parsed) {
          const bool begins = event == Json::parse_event_t::array_start || event == Json::parse_event_t::object_start;
          if (begins && depth >= kMostJsonDepth) throw TooDeep();
          return !watch || watch(depth, event, parsed);
        },
        false);
  } catch (const TooDeep&) {
    return Json(Json::value_t::discarded);
  }
}

}  // namespace odot::inline ODOT_PRECISION
