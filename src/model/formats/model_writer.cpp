// Writing the parts of model files.
#include "odot/model/model_writer.hpp"

#include <cstdint>
#include <utility>

namespace odot::inline ODOT_PRECISION {
namespace {

using safetensors::Dtype;
using safetensors::Output;
using safetensors::Sink;

constexpr Dtype kReal = sizeof(Real) == 8 ? Dtype::f64 : Dtype::f32;

template <class T>
std::string_view bytes_of(const T* data, std::size_t count) {
  return {reinterpret_cast<const char*>(data), count * sizeof(T)};
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

}  // namespace odot::inline ODOT_PRECISION
