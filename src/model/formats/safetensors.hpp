// The safetensors file format: an 8-byte little-endian header length, a JSON header, the raw tensors.
// https://github.com/huggingface/safetensors#format
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/input_file.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/tensors.hpp"
#include "ratings/odr/mapped_bytes.hpp"

namespace odot::inline ODOT_PRECISION::safetensors {

std::string_view to_string(Dtype dtype);
std::uint64_t size_of(Dtype dtype);  ///< bytes of one element

/// Writes the tensors in the order given, which should have larger elements first so that all are aligned, and the
/// metadata with one more entry, "checksum". Throws Error.
void write(OutputFile& file, const std::vector<Output>& tensors, const Metadata& metadata);

/// A file that was written by anyone: nothing in it is believed.
class Reader {
 public:
  /// Maps the file, which should be a `kind`, and parses its header. Throws Error, which names the file, as all
  /// functions here do.
  explicit Reader(const std::string& path, const std::string& kind = "model");

  /// `__metadata__`; empty where the file has none.
  const Metadata& metadata() const { return metadata_; }

  /// All tensors by name, after checking types, shapes and offsets: they must cover the data without gap or overlap.
  std::map<std::string, Input> tensors() const;

  /// Checks the "checksum" in the metadata against metadata and data.
  void verify_checksum() const;

  /// Throws Error if the file has changed since it was opened: to be called when all has been copied.
  void check_unchanged() const { file_.check_unchanged(); }

  /// Throws Error with the file's name before the message, or saying that the file has changed, where it has.
  [[noreturn]] void fail(const std::string& message, ErrorKind kind = ErrorKind::data) const;
  /// Likewise, as Error::naming().
  [[noreturn]] void fail_naming(const std::string& before, const std::string& setting, const std::string& after) const;

 private:
  Input tensor(const std::string& name, const nlohmann::json& entry, std::uint64_t& begin, std::uint64_t& end) const;

  std::string cannot_load() const;

  std::string path_;
  std::string kind_;
  InputFile file_;
  MappedBytes bytes_;
  nlohmann::json header_;
  Metadata metadata_;
  std::string_view data_;  // what follows the header
};

}  // namespace odot::inline ODOT_PRECISION::safetensors
