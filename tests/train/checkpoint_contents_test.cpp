// Checkpoints whose checksums are right but whose contents no run has.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "model/formats/safetensors.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "support/temporary_folder.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;
using safetensors::Metadata;

// Writes the file anew, with a checksum to match.
void forge(const std::string& path,
           const std::function<void(Metadata&, std::string& bytes, const std::string&)>& change) {
  Metadata metadata;
  std::vector<std::string> bytes;
  std::vector<safetensors::Output> tensors;
  {
    const safetensors::Reader file(path, "checkpoint");
    metadata = file.metadata();
    const auto inputs = file.tensors();
    bytes.reserve(inputs.size());
    for (const auto& [name, tensor] : inputs) {
      std::string& own = bytes.emplace_back(tensor.bytes);
      change(metadata, own, name);
      tensors.push_back({name, tensor.dtype, tensor.shape, [&own](const safetensors::Sink& sink) { sink(own); }});
    }
  }
  OutputFile file(path);
  safetensors::write(file, tensors, metadata);
  file.commit();
}

TEST_CASE("a checkpoint with NaN, or with counts that no run comes to, is refused by name") {
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  const RatingList list = everyday_data().train;
  TrainSettings settings{.method = "full"};
  settings.rank = 2;
  settings.iterations = 3;
  const auto fault = [&](const std::function<void(Metadata&, std::string&, const std::string&)>& change) {
    (void)train(list, settings, {}, {.path = path});
    forge(path, change);
    TrainSettings more = settings;
    more.iterations = 5;
    try {
      (void)train(list, more, {}, {.resume = path});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(fault([](Metadata&, std::string&, const std::string&) {}).empty());
  for (const auto& [name, value, message] :
       {std::tuple{"state.counts.iterations", "-3", "\"counts.iterations\" is -3, which is no count"},
        std::tuple{"state.counts.iterations", "4294967299", "\"counts.iterations\" is 4294967299, and no run counts"},
        std::tuple{"state.counts.evaluations", "9223372036854775807",
                   "\"counts.evaluations\" is 9223372036854775807, and no run"},
        std::tuple{"state.has_previous", "2", "\"has_previous\" is 2, and no run counts beyond 1"},
        std::tuple{"state.passes", "-1", "\"passes\" is -1"},
        std::tuple{"state.current.value", "nan", "\"current.value\" is no number"}}) {
    const std::string text = fault([&](Metadata& metadata, std::string&, const std::string&) {
      REQUIRE(metadata.count(name) == 1);
      metadata[name] = value;
    });
    CAPTURE(text);
    CHECK(has(text, "cannot load the checkpoint " + path));
    CHECK(has(text, message));
  }
  for (const Real odd : {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity()}) {
    const std::string text = fault([&](Metadata&, std::string& bytes, const std::string& name) {
      if (name == "state.current.x") std::memcpy(bytes.data() + 4 * sizeof odd, &odd, sizeof odd);
    });
    CAPTURE(text);
    CHECK(has(text, "the tensor \"current.x\" holds"));
    CHECK(has(text, "at 4, which is no finite number"));
  }
}

}  // namespace
}  // namespace odot
