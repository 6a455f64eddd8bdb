// Fuzzes the reader of models. The input is the header's JSON, a line end, and the tensors' bytes; its length, the
// checksum and as many bytes as the header promises are put in, so that what lies behind those checks is reached.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "memory_file.hpp"
#include "odot/core/error.hpp"
#include "odot/model/model_file.hpp"
#include "safetensors_file.hpp"

namespace odot {
namespace {

using nlohmann::json;

constexpr std::size_t kMostData = std::size_t{1} << 16;

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// Up to where the header says that tensors reach.
std::size_t promised(const json& header) {
  std::size_t end = 0;
  for (const auto& [name, entry] : header.items()) {
    if (!entry.is_object()) continue;
    const auto offsets = entry.find("data_offsets");
    if (offsets == entry.end() || !offsets->is_array() || offsets->size() != 2 || !(*offsets)[1].is_number_unsigned()) {
      continue;
    }
    end = std::max(end, (*offsets)[1].get<std::size_t>());
  }
  return end;
}

std::string model_file(std::string_view input) {
  std::string header(take_line(input));
  std::string data(input);
  const json parsed = json::parse(header, nullptr, false);
  if (parsed.is_object()) {
    if (const std::size_t end = promised(parsed); end <= kMostData) data.resize(end);
    if (const std::size_t at = header.find(fuzz::kChecksumStart); at != std::string::npos) {
      header.replace(at + fuzz::kChecksumStart.size(), 8, fuzz::checksum_of(parsed, data));
    }
  }
  return fuzz::with_length(header, data);
}

// Known and unknown ids in all combinations.
Triples some_pairs(const Model& model) {
  Triples pairs;
  for (Index user = 0; user <= std::min<Index>(model.users.size(), 8); ++user) {
    for (Index item = 0; item <= std::min<Index>(model.items.size(), 8); ++item) {
      pairs.user.push_back(user < model.users.size() ? user : kUnknown);
      pairs.item.push_back(item < model.items.size() ? item : kUnknown);
      pairs.value.push_back(1);
    }
  }
  return pairs;
}

void check_ids(const Model& model) {
  for (const IdTable* ids : {&model.users, &model.items}) {
    for (Index k = 0; k < ids->size(); ++k) fuzz::expect(ids->find((*ids)[k]) == k, "an id is not found");
  }
}

void use(const Model& model) {
  check_ids(model);
  const Triples pairs = some_pairs(model);
  std::vector<double> predictions(pairs.size());
  model.predict(pairs, true, predictions);
  model.evaluate(pairs, false);
  OutputFile nowhere("/dev/null");
  save_model(model, nowhere);
}

}  // namespace
}  // namespace odot

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot;
  static const fuzz::MemoryFile file;
  file.write(model_file({reinterpret_cast<const char*>(data), size}));
  try {
    use(*load_model(file.path()));
  } catch (const Error&) {
  }
  return 0;
}
