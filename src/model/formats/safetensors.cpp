// Writing safetensors files, and reading them without believing anything in them.
#include "model/formats/safetensors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "core/json.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION::safetensors {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kAlignment = 8;
constexpr std::uint64_t kMostHeader = 100'000'000;  // the limit of the reference implementation
constexpr const char* kMetadata = "__metadata__";
constexpr const char* kChecksum = "checksum";

constexpr std::array<std::pair<Dtype, std::string_view>, 4> kDtypes{
    {{Dtype::u8, "U8"}, {Dtype::i64, "I64"}, {Dtype::f32, "F32"}, {Dtype::f64, "F64"}}};

// CRC-32 of any number of bytes.
class Checksum {
 public:
  void add(std::string_view bytes) { crc_ = crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()); }

  // The metadata are part of the sum, so that no number in them can change unseen; how the header is laid out is not.
  void add(const Metadata& metadata) {
    for (const auto& [key, value] : metadata) {
      if (key == kChecksum) continue;
      add(std::string_view(key.c_str(), key.size() + 1));
      add(std::string_view(value.c_str(), value.size() + 1));
    }
  }

  std::string text() const { return fmt::format("crc32:{:08x}", crc_); }

 private:
  uLong crc_ = crc32_z(0, nullptr, 0);
};

// Nothing when the product exceeds 64 bits.
std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

std::optional<std::uint64_t> byte_size(Dtype dtype, const std::vector<std::uint64_t>& shape) {
  std::optional<std::uint64_t> bytes = size_of(dtype);
  for (std::uint64_t extent : shape) {
    if (bytes) bytes = product(*bytes, extent);
  }
  return bytes;
}

// An array of unsigned 64-bit numbers, or nothing.
std::optional<std::vector<std::uint64_t>> unsigned_array(const json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array()) return std::nullopt;
  std::vector<std::uint64_t> numbers;
  for (const json& element : *found) {
    if (!element.is_number_unsigned()) return std::nullopt;
    numbers.push_back(element.get<std::uint64_t>());
  }
  return numbers;
}

// Parses JSON without NUL bytes, whose objects have no key twice: the format forbids both.
json parse_strictly(std::string_view text) {
  // The parser would take a NUL for the end.
  if (text.find('\0') != std::string_view::npos) throw Error("there is a NUL byte in its header");
  JsonWatcher<json> watcher;
  json parsed = parse_json(text, watcher);
  if (watcher.repeated()) throw Error(fmt::format("the key \"{}\" occurs twice in its header", *watcher.repeated()));
  return parsed;
}

}  // namespace

std::string_view to_string(Dtype dtype) {
  return std::ranges::find(kDtypes, dtype, &std::pair<Dtype, std::string_view>::first)->second;
}

std::uint64_t size_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::u8:
      return 1;
    case Dtype::f32:
      return 4;
    case Dtype::i64:
    case Dtype::f64:
      return 8;
  }
  return 0;
}

void write(OutputFile& file, const std::vector<Output>& tensors, const Metadata& metadata) {
  json header = json::object();
  Checksum checksum;
  checksum.add(metadata);
  std::uint64_t begin = 0;
  for (const Output& tensor : tensors) {
    tensor.emit([&](std::string_view bytes) { checksum.add(bytes); });
    const std::uint64_t end = begin + byte_size(tensor.dtype, tensor.shape).value();
    header[tensor.name] = {{"dtype", to_string(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  header[kMetadata] = metadata;
  header[kMetadata][kChecksum] = checksum.text();

  std::string text = header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  const std::uint64_t length = text.size();
  file.write({reinterpret_cast<const char*>(&length), sizeof length});
  file.write(text);
  for (const Output& tensor : tensors) {
    tensor.emit([&](std::string_view bytes) { file.write(bytes); });
  }
}

Reader::Reader(const std::string& path, const std::string& kind)
    : path_(path), kind_(kind), file_(path, InputFile::Wait::never) {
  if (file_.error() == ENOENT) fail("there is no such file", ErrorKind::system);
  if (file_.error() != 0) fail(fmt::format("cannot read it: {}", std::strerror(file_.error())), ErrorKind::system);
  if (file_.is_folder()) fail(fmt::format("it is a directory, and a {} file was expected", kind_));
  if (!file_.is_regular()) fail(fmt::format("it is no regular file; a {} must be read from one", kind_));
  if (file_.size() < kLengthBytes) fail(fmt::format("it is no {}: it has only {} bytes", kind_, file_.size()));
  bytes_ = MappedBytes(file_.descriptor(), file_.size(), path_);
  const std::string_view all(bytes_.data(), bytes_.size());
  std::uint64_t length = 0;
  std::memcpy(&length, all.data(), sizeof length);
  const std::string_view rest = all.substr(kLengthBytes);
  if (length > kMostHeader || rest.empty() || rest.front() != '{') {
    fail(fmt::format("it is no {}: it does not begin as a safetensors file does", kind_));
  }
  if (length > rest.size()) {
    fail(fmt::format("it was cut short: its header has {} bytes, the file only {}", length, all.size()));
  }
  data_ = rest.substr(length);

  try {
    header_ = parse_strictly(rest.substr(0, length));
  } catch (const Error& error_in_json) {
    fail(error_in_json.what());
  }
  if (header_.is_discarded()) {
    fail(fmt::format("it is no {}, or it was altered or damaged: its header is not JSON", kind_));
  }
  if (!header_.is_object()) fail(fmt::format("it is no {}: its header is not a JSON object", kind_));
  const auto found = header_.find(kMetadata);
  if (found == header_.end()) return;
  if (!found->is_object()) fail("its __metadata__ is not a JSON object");
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) fail(fmt::format("the entry \"{}\" of its __metadata__ is not a string", key));
    metadata_[key] = value.get<std::string>();
  }
}

Input Reader::tensor(const std::string& name, const json& entry, std::uint64_t& begin, std::uint64_t& end) const {
  if (!entry.is_object()) fail(fmt::format("the header's entry for the tensor \"{}\" is not an object", name));
  const auto type = entry.find("dtype");
  const auto* known = kDtypes.end();
  if (type != entry.end() && type->is_string()) {
    known = std::ranges::find(kDtypes, type->get<std::string>(), &std::pair<Dtype, std::string_view>::second);
  }
  if (known == kDtypes.end()) fail(fmt::format("the tensor \"{}\" has no dtype of U8, I64, F32 or F64", name));
  const auto shape = unsigned_array(entry, "shape");
  if (!shape) fail(fmt::format("the tensor \"{}\" has no shape, which is a list of whole numbers", name));
  const auto offsets = unsigned_array(entry, "data_offsets");
  if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) {
    fail(fmt::format("the tensor \"{}\" has no data_offsets, which are two ascending whole numbers", name));
  }
  begin = (*offsets)[0];
  end = (*offsets)[1];
  const auto bytes = byte_size(known->first, *shape);
  if (!bytes || *bytes != end - begin) {
    fail(fmt::format("the tensor \"{}\" has {} bytes, which is not what its dtype {} and shape [{}] need", name,
                     end - begin, known->second, fmt::join(*shape, ", ")));
  }
  if (end > data_.size()) {
    fail(fmt::format("it was cut short: the tensor \"{}\" ends at byte {} of the data, of which there are only {}",
                     name, end, data_.size()));
  }
  return {known->first, *shape, data_.substr(begin, end - begin)};
}

std::map<std::string, Input> Reader::tensors() const {
  std::map<std::string, Input> result;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;
  for (const auto& [name, entry] : header_.items()) {
    if (name == kMetadata) continue;
    auto& [begin, end] = parts.emplace_back();
    result.emplace(name, tensor(name, entry, begin, end));
  }
  std::ranges::sort(parts);
  std::uint64_t covered = 0;
  for (const auto& [begin, end] : parts) {
    if (begin != covered) fail(fmt::format("its tensors overlap or leave a gap at byte {} of the data", begin));
    covered = end;
  }
  if (covered != data_.size()) {
    fail(fmt::format("its tensors end at byte {} of the data, but the data have {}", covered, data_.size()));
  }
  return result;
}

void Reader::verify_checksum() const {
  Checksum checksum;
  checksum.add(metadata_);
  checksum.add(data_);
  const auto stored = metadata_.find(kChecksum);
  if (stored == metadata_.end() || stored->second != checksum.text()) {
    fail("it was altered or damaged after it was written: its checksum does not match");
  }
}

std::string Reader::cannot_load() const { return fmt::format("cannot load the {} {}: ", kind_, path_); }

void Reader::fail(const std::string& message, ErrorKind kind) const {
  check_unchanged();
  throw Error(cannot_load() + message, kind);
}

void Reader::fail_naming(const std::string& before, const std::string& setting, const std::string& after) const {
  throw Error::naming(cannot_load() + before, setting, after);
}

}  // namespace odot::inline ODOT_PRECISION::safetensors
