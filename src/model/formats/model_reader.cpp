// Taking a model file apart, believing nothing in it.
#include "odot/model/model_reader.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "model/formats/record_names.hpp"
#include "model/formats/safetensors.hpp"
#include "odot/core/number.hpp"

namespace odot::inline ODOT_PRECISION {

using safetensors::Dtype;
using safetensors::Input;

ModelReader::ModelReader(const std::string& path) : file_(std::make_unique<safetensors::Reader>(path)) {
  const auto found = file_->metadata().find("format");
  if (found != file_->metadata().end()) kind_ = find_model_kind(found->second);
  if (!kind_) {
    if (found != file_->metadata().end() && found->second == "odot-checkpoint") {
      file_->fail_naming("it is a checkpoint of odot train, which goes on from it with ", "resume", "");
    }
    fail("it is a safetensors file, but it does not hold an odot model");
  }
  const auto version = number<int>("version");
  if (version > kModelVersion) {
    fail(fmt::format("it was made by a newer odot (format version {}, this one reads {})", version, kModelVersion));
  }
  if (version != kModelVersion) fail(fmt::format("format version {} is unknown", version));
  tensors_ = file_->tensors();
  file_->verify_checksum();
}

ModelReader::~ModelReader() = default;

void ModelReader::fail(const std::string& message) const { file_->fail(message); }

void ModelReader::check_unchanged() const { file_->check_unchanged(); }

bool ModelReader::has(const std::string& name) const { return file_->metadata().contains(name); }

const std::string& ModelReader::text(const std::string& name) const {
  const auto found = file_->metadata().find(name);
  if (found == file_->metadata().end()) fail(fmt::format("\"{}\" is missing in its metadata", name));
  return found->second;
}

bool ModelReader::boolean(const std::string& name) const {
  const std::string& value = text(name);
  if (value != "true" && value != "false") {
    fail(fmt::format("\"{}\" in its metadata should be true or false, but is \"{}\"", name, value));
  }
  return value == "true";
}

template <class Number>
Number ModelReader::number(const std::string& name) const {
  const std::string& value = text(name);
  const std::optional<Number> result = to_number<Number>(value);
  if (!result) fail(fmt::format("\"{}\" in its metadata should be a number, but is \"{}\"", name, value));
  return *result;
}

template int ModelReader::number(const std::string&) const;
template Index ModelReader::number(const std::string&) const;
template std::uint64_t ModelReader::number(const std::string&) const;
template double ModelReader::number(const std::string&) const;

std::map<std::string, std::string> ModelReader::settings() const {
  std::map<std::string, std::string> result;
  for (const auto& [key, value] : file_->metadata()) {
    if (key.starts_with(kSettingPrefix)) result[key.substr(kSettingPrefix.size())] = value;
  }
  return result;
}

Input ModelReader::take(const std::string& name, std::size_t dimensions) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail(fmt::format("the tensor \"{}\" is missing", name));
  Input tensor = found->second;
  if (tensor.shape.size() != dimensions) {
    fail(fmt::format("the tensor \"{}\" has {} dimensions instead of {}", name, tensor.shape.size(), dimensions));
  }
  tensors_.erase(found);
  return tensor;
}

void ModelReader::expect_no_more() const {
  if (!tensors_.empty()) fail(fmt::format("it has a tensor \"{}\" that no model has", tensors_.begin()->first));
}

template <class Element>
void ModelReader::copy_as(const std::string& name, const Input& tensor, std::size_t rows, std::size_t columns,
                          Real* first, std::size_t stride) const {
  const char* source = tensor.bytes.data();
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < columns; ++k, source += sizeof(Element)) {
      Element element;
      std::memcpy(&element, source, sizeof element);
      if (!(std::abs(element) <= static_cast<Element>(std::numeric_limits<Real>::max()))) {
        fail(fmt::format("the tensor \"{}\" holds {} in row {}, which is no usable number", name, element, row));
      }
      first[row * stride + k] = static_cast<Real>(element);
    }
  }
}

void ModelReader::copy_rows(const std::string& name, const Input& tensor, std::size_t rows, std::size_t columns,
                            Real* first, std::size_t stride) const {
  if (tensor.dtype == Dtype::f32) {
    copy_as<float>(name, tensor, rows, columns, first, stride);
  } else if (tensor.dtype == Dtype::f64) {
    copy_as<double>(name, tensor, rows, columns, first, stride);
  } else {
    fail(fmt::format("the tensor \"{}\" has dtype {} instead of F32 or F64", name, to_string(tensor.dtype)));
  }
}

IdTable ModelReader::ids(const std::string& bytes_name, const std::string& offsets_name, Index count) {
  const Input bytes = take(bytes_name, 1);
  const Input offsets = take(offsets_name, 1);
  if (bytes.dtype != Dtype::u8) fail(fmt::format("the tensor \"{}\" is not of dtype U8", bytes_name));
  if (offsets.dtype != Dtype::i64 || offsets.shape[0] != std::uint64_t{count} + 1) {
    fail(fmt::format("the tensor \"{}\" is not of dtype I64 and shape [{}]", offsets_name, std::uint64_t{count} + 1));
  }
  const auto offset = [&](std::size_t k) {
    std::int64_t result = 0;
    std::memcpy(&result, offsets.bytes.data() + k * sizeof result, sizeof result);
    return result;
  };
  const auto total = static_cast<std::int64_t>(bytes.bytes.size());
  if (offset(0) != 0 || offset(count) != total) {
    fail(fmt::format("the tensor \"{}\" does not run from 0 to {}", offsets_name, total));
  }
  IdTable table;
  for (Index k = 0; k < count; ++k) {
    const std::int64_t begin = offset(k);
    const std::int64_t end = offset(std::size_t{k} + 1);
    if (begin > end || end > total) fail(fmt::format("the tensor \"{}\" does not ascend", offsets_name));
    const auto id = bytes.bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    if (table.add(id) != k) fail(fmt::format("the id \"{}\" occurs twice in \"{}\"", id, bytes_name));
  }
  return table;
}

}  // namespace odot::inline ODOT_PRECISION
