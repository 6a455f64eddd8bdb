// How model files say what they are.
#pragma once

#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

inline constexpr int kModelVersion = 1;
inline constexpr std::string_view kSettingPrefix = "setting.";

}  // namespace odot::inline ODOT_PRECISION
