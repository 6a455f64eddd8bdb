// What a model's tensors and metadata are.
#include "odot/model/model_file.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "model/safetensors.hpp"
#include "odot/core/error.hpp"

namespace odot {
namespace {

using safetensors::Dtype;
using safetensors::Input;
using safetensors::Metadata;
using safetensors::Output;
using safetensors::Reader;
using safetensors::Sink;

constexpr const char* kFormat = "odot-factorization";
constexpr int kVersion = 1;
constexpr int kMostRank = 1024;
constexpr std::string_view kSettingPrefix = "setting.";
constexpr Dtype kReal = sizeof(Real) == 8 ? Dtype::f64 : Dtype::f32;

// The constants by their names in the metadata. The pin is not among them: it is already in the biases.
struct NamedConstant {
  const char* name;
  double PredictionConstants::*member;
};
constexpr NamedConstant kConstants[] = {
    {"mean", &PredictionConstants::mean},
    {"lowest", &PredictionConstants::lowest},
    {"highest", &PredictionConstants::highest},
    {"fallback_user_bias", &PredictionConstants::fallback_user_bias},
    {"fallback_item_bias", &PredictionConstants::fallback_item_bias},
    {"unknown_mean", &PredictionConstants::unknown_mean},
};

template <class T>
std::string_view bytes_of(const T* data, std::size_t count) {
  return {reinterpret_cast<const char*>(data), count * sizeof(T)};
}

// `columns` elements of each of `rows` rows, which begin at `first` and lie `stride` apart.
Output matrix(std::string name, const Real* first, Index rows, std::size_t columns, std::size_t stride) {
  return {std::move(name), kReal, {rows, columns}, [=](const Sink& sink) {
            for (std::size_t row = 0; row < rows; ++row) sink(bytes_of(first + row * stride, columns));
          }};
}

Output bias(std::string name, const Real* first, Index rows, std::size_t stride, double pin) {
  return {std::move(name), kReal, {rows}, [=](const Sink& sink) {
            for (std::size_t row = 0; row < rows; ++row) {
              const Real value = static_cast<Real>(static_cast<double>(first[row * stride]) * pin);
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

// Text that JSON can hold: bytes that are not UTF-8 become replacement characters.
std::string as_utf8(const std::string& text) {
  using nlohmann::json;
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

// A loaded file with its parts by name.
class ModelReader {
 public:
  explicit ModelReader(const std::string& path) : file_(path) {
    const Metadata& metadata = file_.metadata();
    const auto format = metadata.find("format");
    if (format == metadata.end() || format->second != kFormat) {
      file_.fail("it is a safetensors file, but it does not hold an odot model");
    }
    const auto version = number<int>("version");
    if (version > kVersion) {
      file_.fail(fmt::format("it was made by a newer odot (format version {}, this one reads {})", version, kVersion));
    }
    if (version != kVersion) file_.fail(fmt::format("format version {} is unknown", version));
    tensors_ = file_.tensors();
    file_.verify_checksum();
  }

  [[noreturn]] void fail(const std::string& message) const { file_.fail(message); }

  const Metadata& metadata() const { return file_.metadata(); }

  template <class Number>
  Number number(const std::string& name) const {
    const std::string& text = value(name);
    Number result{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(static_cast<double>(result))) {
      fail(fmt::format("\"{}\" in its metadata should be a number, but is \"{}\"", name, text));
    }
    return result;
  }

  bool boolean(const std::string& name) const {
    const std::string& text = value(name);
    if (text != "true" && text != "false") {
      fail(fmt::format("\"{}\" in its metadata should be true or false, but is \"{}\"", name, text));
    }
    return text == "true";
  }

  // The tensor of that many dimensions; each is found once, so that what is left over is not a model's.
  Input take(const std::string& name, std::size_t dimensions) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) fail(fmt::format("the tensor \"{}\" is missing", name));
    const Input tensor = found->second;
    if (tensor.shape.size() != dimensions) {
      fail(fmt::format("the tensor \"{}\" has {} dimensions instead of {}", name, tensor.shape.size(), dimensions));
    }
    tensors_.erase(found);
    return tensor;
  }

  void expect_no_more() const {
    if (!tensors_.empty()) fail(fmt::format("it has a tensor \"{}\" that no model has", tensors_.begin()->first));
  }

  // Copies element (i, k) of a floating-point tensor of `rows` × `columns` to first[i * stride + k].
  void copy_rows(const std::string& name, const Input& tensor, Index rows, std::size_t columns, Real* first,
                 std::size_t stride) const {
    if (tensor.dtype == Dtype::f32) {
      copy_as<float>(name, tensor, rows, columns, first, stride);
    } else if (tensor.dtype == Dtype::f64) {
      copy_as<double>(name, tensor, rows, columns, first, stride);
    } else {
      fail(fmt::format("the tensor \"{}\" has dtype {} instead of F32 or F64", name, to_string(tensor.dtype)));
    }
  }

  IdTable ids(const std::string& bytes_name, const std::string& offsets_name, Index count) {
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

 private:
  const std::string& value(const std::string& name) const {
    const auto found = file_.metadata().find(name);
    if (found == file_.metadata().end()) fail(fmt::format("\"{}\" is missing in its metadata", name));
    return found->second;
  }

  template <class Element>
  void copy_as(const std::string& name, const Input& tensor, Index rows, std::size_t columns, Real* first,
               std::size_t stride) const {
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

  Reader file_;
  std::map<std::string, Input> tensors_;
};

Index row_count(const ModelReader& file, const char* name, const Input& tensor, int rank) {
  if (tensor.shape[0] >= kUnknown || tensor.shape[1] != static_cast<std::uint64_t>(rank)) {
    file.fail(fmt::format("the tensor \"{}\" has shape [{}, {}], which does not go with rank {}", name, tensor.shape[0],
                          tensor.shape[1], rank));
  }
  return static_cast<Index>(tensor.shape[0]);
}

}  // namespace

void save_model(const Factorization& model, OutputFile& file) {
  const FactorLayout& layout = model.layout;
  const Real* users = model.theta.data();
  const Real* items = users + layout.item_row(0);
  const auto rank = static_cast<std::size_t>(layout.rank);
  const std::size_t stride = layout.stride();

  std::vector<Output> tensors;
  tensors.push_back(id_offsets("user_id_offsets", model.users));
  tensors.push_back(id_offsets("item_id_offsets", model.items));
  tensors.push_back(matrix("U", users, layout.users, rank, stride));
  tensors.push_back(matrix("V", items, layout.items, rank, stride));
  if (layout.biases) {
    tensors.push_back(bias("user_bias", users + layout.user_bias(), layout.users, stride, model.pin));
    tensors.push_back(bias("item_bias", items + layout.item_bias(), layout.items, stride, model.pin));
  }
  tensors.push_back(id_bytes("user_ids", model.users));
  tensors.push_back(id_bytes("item_ids", model.items));

  Metadata metadata;
  metadata["format"] = kFormat;
  metadata["version"] = std::to_string(kVersion);
  metadata["rank"] = std::to_string(layout.rank);
  metadata["biases"] = layout.biases ? "true" : "false";
  for (const auto& [name, member] : kConstants) metadata[name] = fmt::format("{}", model.*member);
  for (const auto& [name, value] : model.settings) {
    metadata[as_utf8(std::string(kSettingPrefix) + name)] = as_utf8(value);
  }
  safetensors::write(file, tensors, metadata);
}

Factorization load_model(const std::string& path) {
  ModelReader file(path);
  Factorization model;
  const int rank = file.number<int>("rank");
  if (rank < 1 || rank > kMostRank) file.fail(fmt::format("its rank is {}, not between 1 and {}", rank, kMostRank));
  for (const auto& [name, member] : kConstants) model.*member = file.number<double>(name);
  if (model.lowest > model.highest) {
    file.fail(fmt::format("its range of ratings is empty: {} to {}", model.lowest, model.highest));
  }
  for (const auto& [key, value] : file.metadata()) {
    if (key.starts_with(kSettingPrefix)) model.settings[key.substr(kSettingPrefix.size())] = value;
  }

  const Input u = file.take("U", 2);
  const Input v = file.take("V", 2);
  FactorLayout& layout = model.layout;
  layout.rank = rank;
  layout.biases = file.boolean("biases");
  layout.users = row_count(file, "U", u, rank);
  layout.items = row_count(file, "V", v, rank);
  model.theta.assign(layout.size(), Real{0});
  Real* users = model.theta.data();
  Real* items = users + layout.item_row(0);
  const std::size_t stride = layout.stride();
  file.copy_rows("U", u, layout.users, static_cast<std::size_t>(rank), users, stride);
  file.copy_rows("V", v, layout.items, static_cast<std::size_t>(rank), items, stride);

  if (layout.biases) {
    const auto read_biases = [&](const char* name, Index rows, Real* first, int column, int pin_column) {
      const Input tensor = file.take(name, 1);
      if (tensor.shape[0] != rows) {
        file.fail(fmt::format("the tensor \"{}\" has {} elements instead of {}", name, tensor.shape[0], rows));
      }
      file.copy_rows(name, tensor, rows, 1, first + column, stride);
      for (std::size_t row = 0; row < rows; ++row) first[row * stride + static_cast<std::size_t>(pin_column)] = 1;
    };
    read_biases("user_bias", layout.users, users, layout.user_bias(), layout.user_pin());
    read_biases("item_bias", layout.items, items, layout.item_bias(), layout.item_pin());
  }
  model.users = file.ids("user_ids", "user_id_offsets", layout.users);
  model.items = file.ids("item_ids", "item_id_offsets", layout.items);
  file.expect_no_more();
  return model;
}

}  // namespace odot
