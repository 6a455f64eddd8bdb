// Writing the parts of model files.
#include "model/model_writer.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace odot {
namespace {

using safetensors::Dtype;
using safetensors::Metadata;
using safetensors::Output;
using safetensors::Sink;

constexpr Dtype kReal = sizeof(Real) == 8 ? Dtype::f64 : Dtype::f32;

template <class T>
std::string_view bytes_of(const T* data, std::size_t count) {
  return {reinterpret_cast<const char*>(data), count * sizeof(T)};
}

// Text that JSON can hold: bytes that are not UTF-8 become replacement characters.
std::string as_utf8(const std::string& text) {
  using nlohmann::json;
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

}  // namespace

Output matrix_tensor(std::string name, const Real* first, std::size_t rows, std::size_t columns, std::size_t stride) {
  return {std::move(name), kReal, {rows, columns}, [=](const Sink& sink) {
            for (std::size_t row = 0; row < rows; ++row) sink(bytes_of(first + row * stride, columns));
          }};
}

Output column_tensor(std::string name, const Real* first, std::size_t rows, std::size_t stride, double factor) {
  return {std::move(name), kReal, {rows}, [=](const Sink& sink) {
            for (std::size_t row = 0; row < rows; ++row) {
              const Real value = static_cast<Real>(static_cast<double>(first[row * stride]) * factor);
              sink(bytes_of(&value, 1));
            }
          }};
}

Output id_offsets(std::string name, const IdTable& ids) {
  return {std::move(name), Dtype::i64, {std::uint64_t{ids.size()} + 1}, [&ids](const Sink& sink) {
            std::int64_t end = 0;
            sink(bytes_of(&end, 1));
            for (Index k = 0; k < ids.size(); ++k) {
              end += static_cast<std::int64_t>(ids[k].size());
              sink(bytes_of(&end, 1));
            }
          }};
}

Output id_bytes(std::string name, const IdTable& ids) {
  std::uint64_t total = 0;
  for (Index k = 0; k < ids.size(); ++k) total += ids[k].size();
  return {std::move(name), Dtype::u8, {total}, [&ids](const Sink& sink) {
            for (Index k = 0; k < ids.size(); ++k) sink(ids[k]);
          }};
}

Metadata model_metadata(const char* format, const std::map<std::string, std::string>& settings) {
  Metadata metadata;
  metadata["format"] = format;
  metadata["version"] = std::to_string(kModelVersion);
  for (const auto& [name, value] : settings) metadata[as_utf8(std::string(kSettingPrefix) + name)] = as_utf8(value);
  return metadata;
}

}  // namespace odot
