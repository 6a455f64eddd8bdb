// Writing and reading checkpoint files.
#include "train/checkpoint_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/digest.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/train/options.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using safetensors::Dtype;
using safetensors::Metadata;
using safetensors::Output;
using safetensors::Sink;

constexpr const char* kFormat = "odot-checkpoint";
constexpr int kVersion = 1;
constexpr std::string_view kMadeWith = "made_with.";
constexpr std::string_view kState = "state.";
constexpr const char* kNotSet = "not set";

// Positions read at a time: ratings may be in a file.
constexpr Offset kPiece = 1 << 16;

std::string precision() { return sizeof(Real) == 8 ? "double" : "single"; }

void add_ids(Digest& digest, const IdTable& ids) {
  for (Index k = 0; k < ids.size(); ++k) {
    const std::size_t size = ids[k].size();
    digest.add_values(std::span(&size, 1));
    digest.add(ids[k]);
  }
}

std::string checksum(const Triples& ratings) {
  Digest digest;
  digest.add_values(ratings.user);
  digest.add_values(ratings.item);
  digest.add_values(ratings.value);
  return digest.text();
}

std::string checksum(const RatingMatrix& ratings) {
  const RatingSide side = ratings.by_user();
  Digest digest;
  digest.add_values(side.offsets);
  std::vector<Real> values;
  for (Offset begin = 0; begin < side.size(); begin += kPiece) {
    const Offset end = std::min(begin + kPiece, side.size());
    values.resize(end - begin);
    side.read(begin, end, [&] {
      digest.add_values(side.indices.subspan(begin, end - begin));
      side.values.read(begin, end, values.data());
    });
    digest.add_values(values);
  }
  return digest.text();
}

std::string checksum_of_ids(const IdTable& users, const IdTable& items) {
  Digest digest;
  add_ids(digest, users);
  add_ids(digest, items);
  return digest.text();
}

RunIdentity identify(std::size_t ratings, const std::string& checksum_of_ratings, const Triples& valid,
                     const std::string& checksum_of_all_ids, const SettingTexts& settings) {
  RunIdentity identity{{"the precision of the program", precision()},
                       {"the number of training ratings", std::to_string(ratings)},
                       {"the number of held-out ratings", std::to_string(valid.size())},
                       {"the checksum of the users' and items' ids", checksum_of_all_ids},
                       {"the checksum of the training ratings", checksum_of_ratings},
                       {"the checksum of the held-out ratings", checksum(valid)}};
  // What others follow from comes first.
  for (const bool chooses : {true, false}) {
    for (const auto& [name, value] : settings) {
      const TrainOption* option = find_train_option(name);
      if (option && (option->limits || option->chooses != chooses)) continue;
      if (!option && chooses) continue;
      identity.emplace_back(name, value);
    }
  }
  return identity;
}

// Collects what it is shown; the arrays by reference.
class Collector : public StateVisitor {
 public:
  explicit Collector(Metadata first) : metadata(std::move(first)) {}

  bool restores() const override { return false; }

  Metadata metadata;
  std::vector<Output> tensors;

 private:
  static std::string name_of(const std::string& name) { return std::string(kState) + name; }
  void visit_number(const std::string& name, double& value) override {
    metadata[name_of(name)] = fmt::format("{}", value);
  }
  void visit_integer(const std::string& name, std::int64_t& value, std::int64_t /*most*/) override {
    metadata[name_of(name)] = fmt::format("{}", value);
  }
  void visit_array(const std::string& name, std::span<float> values) override { add(name, Dtype::f32, values); }
  void visit_array(const std::string& name, std::span<double> values) override { add(name, Dtype::f64, values); }

  template <class Element>
  void add(const std::string& name, Dtype dtype, std::span<Element> values) {
    const std::string_view bytes(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    tensors.push_back({name_of(name), dtype, {values.size()}, [bytes](const Sink& sink) { sink(bytes); }});
  }
};

}  // namespace

RunIdentity identify(const IdPair& ids, const RatingMatrix& ratings, const Triples& valid,
                     const SettingTexts& settings) {
  return identify(ratings.size(), checksum(ratings), valid, checksum_of_ids(ids.users, ids.items), settings);
}

RunIdentity identify(const Mlp& model, const Triples& train, const Triples& valid, const SettingTexts& settings) {
  RunIdentity identity =
      identify(train.size(), checksum(train), valid, checksum_of_ids(model.users, model.items), settings);
  identify_features(model.user_side.inputs, model.item_side.inputs, identity);
  return identity;
}

void identify_features(std::span<const Real> users, std::span<const Real> items, RunIdentity& identity) {
  Digest features;
  features.add_values(users);
  features.add_values(items);
  identity.emplace_back("the checksum of the features", features.text());
}

bool CheckpointWriter::due(int iteration, bool ends) const {
  if (!since_last_ || ends) return true;
  if (settings_.iterations > 0 && iteration % settings_.iterations == 0) return true;
  return settings_.seconds > 0 && since_last_->seconds() >= settings_.seconds;
}

void CheckpointWriter::save(const VisitState& visit) {
  Metadata metadata;
  metadata["format"] = kFormat;
  metadata["version"] = std::to_string(kVersion);
  for (const auto& [name, value] : identity_) metadata[std::string(kMadeWith) + name] = value;
  Collector collector(std::move(metadata));
  visit(collector);
  // Larger elements first keep all of them aligned.
  std::ranges::stable_sort(collector.tensors, std::greater{},
                           [](const Output& tensor) { return size_of(tensor.dtype); });
  since_last_.emplace();
  try {
    OutputFile file(settings_.path);
    safetensors::write(file, collector.tensors, collector.metadata);
    file.commit();
  } catch (const Error& error) {
    if (settings_.warn) settings_.warn(error.what());
  }
}

CheckpointReader::CheckpointReader(const std::string& path, const RunIdentity& identity) : file_(path, "checkpoint") {
  const Metadata& metadata = file_.metadata();
  const auto text = [&](const std::string& name) {
    const auto found = metadata.find(name);
    return found == metadata.end() ? std::string(kNotSet) : found->second;
  };
  if (text("format") != kFormat) {
    if (text("format").starts_with("odot-")) file_.fail_naming("it is a model: ", "init-model", " starts from one");
    file_.fail("it is a safetensors file, but no checkpoint of odot");
  }
  if (text("version") != std::to_string(kVersion)) {
    file_.fail(fmt::format("its format version is {}, and this program reads {}", text("version"), kVersion));
  }
  tensors_ = file_.tensors();
  file_.verify_checksum();

  std::map<std::string, std::string> others;
  for (const auto& [key, value] : metadata) {
    if (key.starts_with(kMadeWith)) others[key.substr(kMadeWith.size())] = value;
  }
  const auto compare = [&](const std::string& name, const std::string& then, const std::string& now) {
    if (then != now) {
      file_.fail(fmt::format("it is of another run: {} was {} there, and is {} here", name, then, now));
    }
  };
  for (const auto& [name, value] : identity) {
    const auto found = others.find(name);
    compare(name, found == others.end() ? kNotSet : found->second, value);
    others.erase(name);
  }
  for (const auto& [name, value] : others) compare(name, value, kNotSet);
}

const std::string& CheckpointReader::state(const std::string& name) const {
  const auto found = file_.metadata().find(std::string(kState) + name);
  if (found == file_.metadata().end()) file_.fail(fmt::format("\"{}\" is missing", name));
  return found->second;
}

template <class Number>
void CheckpointReader::parse(const std::string& name, Number& value) const {
  const std::string& text = state(name);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    file_.fail(fmt::format("\"{}\" should be a number, but is \"{}\"", name, text));
  }
}

// Whoever computes checksums can write anything; what no run is in is not gone on from.
void CheckpointReader::visit_number(const std::string& name, double& value) {
  parse(name, value);
  if (std::isnan(value)) file_.fail(fmt::format("\"{}\" is no number", name));
}
void CheckpointReader::visit_integer(const std::string& name, std::int64_t& value, std::int64_t most) {
  parse(name, value);
  if (value < 0) file_.fail(fmt::format("\"{}\" is {}, which is no count", name, value));
  if (value > most) file_.fail(fmt::format("\"{}\" is {}, and no run counts beyond {}", name, value, most));
}

template <class Element>
void CheckpointReader::copy_tensor(const std::string& name, Dtype dtype, std::span<Element> values) const {
  const auto found = tensors_.find(std::string(kState) + name);
  if (found == tensors_.end()) file_.fail(fmt::format("the tensor \"{}\" is missing", name));
  const safetensors::Input& tensor = found->second;
  if (tensor.dtype != dtype || tensor.bytes.size() != values.size_bytes()) {
    file_.fail(fmt::format("the tensor \"{}\" has {} bytes of {}, and {} of {} were expected", name,
                           tensor.bytes.size(), to_string(tensor.dtype), values.size_bytes(), to_string(dtype)));
  }
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size_bytes());
  file_.check_unchanged();
  const auto odd = std::ranges::find_if(values, [](Element element) { return !std::isfinite(element); });
  if (odd != values.end()) {
    file_.fail(
        fmt::format("the tensor \"{}\" holds {} at {}, which is no finite number", name, *odd, odd - values.begin()));
  }
}

void CheckpointReader::visit_array(const std::string& name, std::span<float> values) {
  copy_tensor(name, Dtype::f32, values);
}
void CheckpointReader::visit_array(const std::string& name, std::span<double> values) {
  copy_tensor(name, Dtype::f64, values);
}

}  // namespace odot::inline ODOT_PRECISION
