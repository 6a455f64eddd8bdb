// Model files taken apart and put together again, with or without changes.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

namespace odot::test {

using nlohmann::json;

/// A file taken apart, and put together again with a checksum that is right.
struct Parts {
  json header;
  std::string data;

  explicit Parts(const std::string& bytes) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    header = json::parse(bytes.substr(8, length));
    data = bytes.substr(8 + length);
  }

  std::string bytes_with(const std::string& text) const {
    const std::uint64_t length = text.size();
    return std::string(reinterpret_cast<const char*>(&length), 8) + text + data;
  }

  std::string bytes() {
    std::string summed;
    for (const auto& [key, value] : header["__metadata__"].items()) {
      if (key != "checksum" && value.is_string()) summed += key + '\0' + value.get<std::string>() + '\0';
    }
    summed += data;
    char text[32];
    std::snprintf(text, sizeof text, "crc32:%08lx",
                  crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size())));
    header["__metadata__"]["checksum"] = text;
    return bytes_with(header.dump());
  }

  /// The bytes of a tensor in `data`.
  char* tensor(const std::string& name) { return data.data() + header[name]["data_offsets"][0].get<std::size_t>(); }
};

}  // namespace odot::test
