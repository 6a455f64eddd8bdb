// Fuzzes the reader of logs in `odot tune --resume`. A checksum would stop nearly every change of a line, so each line
// gets the one it should have, unless the input begins with a bit that forbids it; other bits put lines of a real log
// before.
#include <nlohmann/json.hpp>

#include "core/digest.hpp"
#include "core/json.hpp"
#include "program.hpp"

namespace odot::fuzz {
namespace {

using Json = nlohmann::ordered_json;

std::string take_line(std::string_view& text) {
  const std::string line(text.substr(0, text.find('\n')));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

std::string with_checksum(const std::string& line) {
  Json json = parse_json<Json>(line);
  if (!json.is_object()) return line;
  const auto text = [&] { return json.dump(-1, ' ', false, Json::error_handler_t::replace); };
  json.erase("checksum");
  Digest digest;
  digest.add(text());
  json["checksum"] = digest.text();
  return text();
}

}  // namespace
}  // namespace odot::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace odot::fuzz;
  static const Words tune{
      "tune", ratings_path(), "--rank", "1,2",          "--trials", "2", "--iterations", "2", "--seed",
      "1",    "--holdout",    "0.3",    "--no-halving", "--log"};
  static const std::string real = written_by(tune);
  static const MemoryFile log;
  Bytes input(data, size);
  const unsigned bits = input.byte();
  std::string text;
  std::string_view before = real;
  for (unsigned k = bits & 3; k > 0; --k) text += take_line(before) + "\n";
  for (std::string_view rest = input.text(size); !rest.empty();) {
    const bool whole = rest.find('\n') != std::string_view::npos;
    const std::string line = take_line(rest);
    text += (bits & 4 ? line : with_checksum(line)) + (whole ? "\n" : "");
  }
  log.write(text);
  Words words = tune;
  words.insert(words.end(), {log.path(), "--resume"});
  if (bits & 8) words.emplace_back("--json");
  run(words);
  return 0;
}
