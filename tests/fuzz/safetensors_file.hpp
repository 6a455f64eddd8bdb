// Safetensors files whose lengths and checksums are right, whatever else is wrong with them.
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace odot::fuzz {

constexpr std::string_view kChecksumStart = "crc32:";

inline std::string checksum_of(const nlohmann::json& header, const std::string& data) {
  std::string summed;
  if (const auto metadata = header.find("__metadata__"); metadata != header.end()) {
    for (const auto& [key, value] : metadata->items()) {
      if (key != "checksum" && value.is_string()) summed += key + '\0' + value.get<std::string>() + '\0';
    }
  }
  summed += data;
  std::array<char, 9> digits;
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(summed.data()), summed.size());
  std::snprintf(digits.data(), digits.size(), "%08lx", sum);
  return digits.data();
}

inline std::string with_length(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

}  // namespace odot::fuzz
