// What model files are made of: tensors and texts by name, as the safetensors format has them.
// https://github.com/huggingface/safetensors#format
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION::safetensors {

/// The element types that model files use.
enum class Dtype { u8, i64, f32, f64 };

using Metadata = std::map<std::string, std::string>;

/// Takes the next bytes of a tensor.
using Sink = std::function<void(std::string_view)>;

/// A tensor to be written.
struct Output {
  std::string name;
  Dtype dtype;
  std::vector<std::uint64_t> shape;
  std::function<void(const Sink&)> emit;  ///< hands all elements' bytes to the sink; called twice
};

/// A tensor in a mapped file.
struct Input {
  Dtype dtype;
  std::vector<std::uint64_t> shape;
  std::string_view bytes;  ///< as long as shape and dtype say
};

}  // namespace odot::inline ODOT_PRECISION::safetensors
#pragma GCC visibility pop
