// A loaded model file with its parts by name, for kinds of models.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/model/kinds.hpp"
#include "odot/model/tensors.hpp"
#include "odot/ratings/id_table.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

namespace safetensors {
class Reader;
}

/// Every function throws Error, which names the file, where a part is not as it should be: a file is anyone's.
class ModelReader {
 public:
  /// Maps the file and checks that it is a model of a known kind and version, and its checksum.
  explicit ModelReader(const std::string& path);
  ~ModelReader();
  ModelReader(const ModelReader&) = delete;
  ModelReader& operator=(const ModelReader&) = delete;

  [[noreturn]] void fail(const std::string& message) const;

  /// Throws Error if the file has been written to since it was opened: to be called when all has been copied.
  void check_unchanged() const;

  const ModelKind& kind() const { return *kind_; }

  /// Whether there is an entry in the metadata, a tensor.
  bool has(const std::string& name) const;
  bool has_tensor(const std::string& name) const { return tensors_.contains(name); }

  /// Entries of the metadata. Numbers are int, Index, std::uint64_t or double, and finite.
  const std::string& text(const std::string& name) const;
  bool boolean(const std::string& name) const;
  template <class Number>
  Number number(const std::string& name) const;
  std::map<std::string, std::string> settings() const;

  /// The tensor of that many dimensions; each is found once, so that what is left over is not a model's.
  safetensors::Input take(const std::string& name, std::size_t dimensions);
  void expect_no_more() const;

  /// Copies element (i, k) of a floating-point tensor of `rows` × `columns` to first[i * stride + k].
  void copy_rows(const std::string& name, const safetensors::Input& tensor, std::size_t rows, std::size_t columns,
                 Real* first, std::size_t stride) const;

  /// `count` ids, all different, of the tensors that id_bytes() and id_offsets() made.
  IdTable ids(const std::string& bytes_name, const std::string& offsets_name, Index count);

 private:
  template <class Element>
  void copy_as(const std::string& name, const safetensors::Input& tensor, std::size_t rows, std::size_t columns,
               Real* first, std::size_t stride) const;

  std::unique_ptr<safetensors::Reader> file_;
  const ModelKind* kind_ = nullptr;
  std::map<std::string, safetensors::Input> tensors_;
};

/// Sets what shared_metadata() has of `model` as the file says. Throws Error.
void read_shared(const ModelReader& file, Model& model);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
