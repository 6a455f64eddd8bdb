// Fuzzes the reader of checkpoints in `odot train --resume`, and the trace that it goes on in. The first byte chooses a
// run, whose checkpoint the bytes after it change: what would be refused as of another run stays, and the checksum is
// right.
#include <cstring>
#include <limits>

#include "program.hpp"
#include "safetensors_file.hpp"

namespace odot::fuzz {
namespace {

using nlohmann::json;

const std::vector<Words> kRuns{{"--method", "full", "--optimizer", "lbfgs"},
                               {"--method", "full", "--optimizer", "adam", "--holdout", "0.3", "--early-stop", "3"},
                               {"--method", "blocks", "--holdout", "0.3", "--early-stop", "3"},
                               {"--method", "nnmf"},
                               {"--method", "variational"},
                               {"--method", "gibbs", "--samples", "3", "--keep", "2"}};

Words command(std::size_t run, const char* iterations) {
  Words words{"train", ratings_path(), "--rank", "2", "--iterations", iterations};
  words.insert(words.end(), kRuns[run].begin(), kRuns[run].end());
  return words;
}

struct Checkpoint {
  json header;
  std::string data;
};

Checkpoint begin(std::size_t run) {
  Words words = command(run, "2");
  words.emplace_back("--checkpoint");
  const std::string file = written_by(words);
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  return {json::parse(file.substr(sizeof length, length)), file.substr(sizeof length + length)};
}

std::string name_of(json& among, std::size_t number, std::string_view prefix) {
  std::vector<std::string> names;
  for (const auto& [name, value] : among.items()) {
    if (name.starts_with(prefix)) names.push_back(name);
  }
  return names.empty() ? std::string() : names[number % names.size()];
}

void change(Checkpoint& checkpoint, Bytes& input) {
  static const char* const numbers[] = {
      "-1", "0", "1", "nan", "inf", "-inf", "1e308", "2147483648", "9223372036854775807"};
  static const double values[] = {0, -1, 1e308, 1e30, -1e30, 1e-300, 3e38, std::numeric_limits<double>::quiet_NaN()};
  json& metadata = checkpoint.header["__metadata__"];
  const unsigned what = input.byte() % 6;
  const std::size_t number = input.two();
  const std::string state = name_of(metadata, number, "state.");
  const std::string tensor = name_of(checkpoint.header, number, "state.");
  if (what == 0 && !state.empty()) metadata[state] = numbers[input.byte() % std::size(numbers)];
  if (what == 1 && !state.empty()) metadata[state] = std::to_string(input.two());
  if (what == 2) metadata.erase(state);
  if (what == 3) checkpoint.header.erase(tensor);
  if (what == 4 && !tensor.empty()) checkpoint.header[tensor]["shape"] = json::array({input.two()});
  if (what == 5 && !checkpoint.data.empty()) {
    const unsigned bits = input.byte();
    const double value = values[bits % std::size(values)];
    const auto single = static_cast<float>(value);
    const std::string bytes = bits & 128 ? std::string(reinterpret_cast<const char*>(&value), sizeof value)
                                         : std::string(reinterpret_cast<const char*>(&single), sizeof single);
    const std::size_t at = number * bytes.size() % checkpoint.data.size();
    checkpoint.data.replace(at, std::min(bytes.size(), checkpoint.data.size() - at), bytes, 0,
                            std::min(bytes.size(), checkpoint.data.size() - at));
  }
}

}  // namespace
}  // namespace odot::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot::fuzz;
  static const std::vector<Checkpoint> checkpoints = [] {
    std::vector<Checkpoint> all;
    for (std::size_t run = 0; run < kRuns.size(); ++run) all.push_back(begin(run));
    return all;
  }();
  static const MemoryFile file;
  static const MemoryFile trace;
  Bytes input(data, size);
  const std::size_t which = input.byte() % kRuns.size();
  Checkpoint checkpoint = checkpoints[which];
  for (unsigned changes = input.byte() % 8; changes > 0; --changes) change(checkpoint, input);
  json& metadata = checkpoint.header["__metadata__"];
  metadata["checksum"] = std::string(kChecksumStart) + checksum_of(checkpoint.header, checkpoint.data);
  file.write(with_length(checkpoint.header.dump(), checkpoint.data));
  trace.write(input.text(size));
  Words words = command(which, "3");
  words.insert(words.end(), {"--resume", file.path(), "--trace", trace.path(), "-o", "/dev/null"});
  run(words);
  return 0;
}
