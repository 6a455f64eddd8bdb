// A loaded model file with its parts by name.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <map>
#include <string>

#include "model/formats/safetensors.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/model/kinds.hpp"
#include "odot/ratings/id_table.hpp"

namespace odot::inline ODOT_PRECISION {

/// Every function throws Error, which names the file, where a part is not as it should be.
class ModelReader {
 public:
  /// Maps the file and checks that it is a model of a known kind and version, and its checksum.
  explicit ModelReader(const std::string& path);

  [[noreturn]] void fail(const std::string& message) const { file_.fail(message); }

  const ModelKind& kind() const { return *kind_; }

  /// Entries of the metadata.
  const std::string& text(const std::string& name) const;
  bool boolean(const std::string& name) const;
  template <class Number>
  Number number(const std::string& name) const {
    const std::string& value = text(name);
    Number result{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(static_cast<double>(result))) {
      fail(fmt::format("\"{}\" in its metadata should be a number, but is \"{}\"", name, value));
    }
    return result;
  }
  std::map<std::string, std::string> settings() const;

  /// The tensor of that many dimensions; each is found once, so that what is left over is not a model's.
  safetensors::Input take(const std::string& name, std::size_t dimensions);
  void expect_no_more() const;

  /// Copies element (i, k) of a floating-point tensor of `rows` × `columns` to first[i * stride + k].
  void copy_rows(const std::string& name, const safetensors::Input& tensor, std::size_t rows, std::size_t columns,
                 Real* first, std::size_t stride) const;

  IdTable ids(const std::string& bytes_name, const std::string& offsets_name, Index count);

 private:
  template <class Element>
  void copy_as(const std::string& name, const safetensors::Input& tensor, std::size_t rows, std::size_t columns,
               Real* first, std::size_t stride) const;

  safetensors::Reader file_;
  const ModelKind* kind_ = nullptr;
  std::map<std::string, safetensors::Input> tensors_;
};

}  // namespace odot::inline ODOT_PRECISION
