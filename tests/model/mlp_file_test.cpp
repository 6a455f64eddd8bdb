// Files of networks: what is saved comes back, and no file, however damaged, does worse than an error.
#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "mlp_models.hpp"
#include "model_parts.hpp"
#include "models.hpp"
#include "odot/core/error.hpp"
#include "odot/model/mlp.hpp"
#include "odot/model/model_file.hpp"
#include "support/saved_model.hpp"

namespace odot {
namespace {

using nlohmann::json;
using test::Parts;
using test::random_mlp;
using test::read_bytes;
using test::saved;
using test::TemporaryFolder;
using test::write_bytes;

std::string load_error(const std::string& path) {
  try {
    load_model(path);
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(message.find(path) != std::string::npos);
    return message;
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Triples all_pairs(const Mlp& model) {
  Triples pairs;
  for (Index user = 0; user <= model.users.size(); ++user) {
    for (Index item = 0; item <= model.items.size(); ++item) {
      pairs.user.push_back(user == model.users.size() ? kUnknown : user);
      pairs.item.push_back(item == model.items.size() ? kUnknown : item);
    }
  }
  return pairs;
}

TEST_CASE("a network comes back with the same predictions, ids, encodings, settings and bytes") {
  const TemporaryFolder folder;
  for (const std::vector<std::size_t>& hidden :
       {std::vector<std::size_t>{}, std::vector<std::size_t>{5}, std::vector<std::size_t>{64, 128, 64}}) {
    const Mlp model = random_mlp(hidden, hidden.size() == 1);
    const std::string bytes = saved(model, folder / "model");
    const std::unique_ptr<Model> any = load_model(folder / "model");
    REQUIRE(dynamic_cast<Mlp*>(any.get()));
    const Mlp& back = static_cast<const Mlp&>(*any);
    CHECK(saved(back, folder / "again") == bytes);
    CHECK(back.layers == model.layers);
    CHECK(back.output_relu == model.output_relu);
    CHECK(back.theta == model.theta);
    CHECK(back.settings == model.settings);
    CHECK(back.user_side.encoding == model.user_side.encoding);
    CHECK(back.item_side.encoding == model.item_side.encoding);
    CHECK(back.users[3] == model.users[3]);
    CHECK(back.items.find(model.items[1]) == 1);
    CHECK(back.scale == model.scale);
    CHECK(back.lowest == model.lowest);
    CHECK(back.highest == model.highest);
    const Triples pairs = all_pairs(model);
    std::vector<double> expected(pairs.size());
    std::vector<double> found(pairs.size());
    model.predict(pairs, false, expected);
    back.predict(pairs, false, found);
    CHECK(found == expected);
  }
}

TEST_CASE("layers lie in the file as PyTorch names and shapes them") {
  const TemporaryFolder folder;
  const Mlp model = random_mlp({5});
  Parts parts(saved(model, folder / "model"));
  CHECK(parts.header["layers.0.weight"]["shape"] == json({5, 4}));
  CHECK(parts.header["layers.0.bias"]["shape"] == json({5}));
  CHECK(parts.header["layers.1.weight"]["shape"] == json({1, 5}));
  Real element;
  std::memcpy(&element, parts.tensor("layers.0.weight") + (2 * 4 + 3) * sizeof(Real), sizeof element);
  CHECK(element == model.theta[2 * 4 + 3]);
  std::memcpy(&element, parts.tensor("layers.0.bias") + 4 * sizeof(Real), sizeof element);
  CHECK(element == model.theta[5 * 4 + 4]);
}

TEST_CASE("either kind of model is loaded, and the wrong kind refused where one is expected") {
  const TemporaryFolder folder;
  saved(random_mlp({5}), folder / "network");
  saved(test::random_model(3, 2, 2, true, 1), folder / "factors");
  CHECK(dynamic_cast<Factorization*>(load_model(folder / "factors").get()));
  CHECK(load_factorization(folder / "factors").layout.rank == 2);
  CHECK_THROWS_WITH_AS(load_factorization(folder / "network"),
                       doctest::Contains("it holds a neural network, but a factorization was expected"), Error);
}

TEST_CASE("a network's file that ends anywhere too early is an error") {
  const TemporaryFolder folder;
  const std::string bytes = saved(random_mlp({2}), folder / "model");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    write_bytes(folder / "short", bytes.substr(0, length));
    REQUIRE_FALSE(load_error(folder / "short").empty());
  }
}

TEST_CASE("a change of any byte of a network's file is an error") {
  const TemporaryFolder folder;
  const std::string bytes = saved(random_mlp({2}), folder / "model");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int change : {0x01, 0x10, 0x80, 0xFF}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ change);
      write_bytes(folder / "changed", changed);
      REQUIRE_FALSE(load_error(folder / "changed").empty());
    }
  }
}

TEST_CASE("each false statement of a network's header is found") {
  const TemporaryFolder folder;
  const std::string bytes = saved(random_mlp({5}), folder / "model");
  const auto with = [&](const std::function<void(Parts&)>& change) {
    Parts parts(bytes);
    change(parts);
    write_bytes(folder / "bad", parts.bytes());
    return load_error(folder / "bad");
  };
  const auto meta = [&](const char* key, const char* value) {
    return with([&](Parts& p) { p.header["__metadata__"][key] = value; });
  };
  CHECK(with([](Parts&) {}).empty());  // the change alone is to blame below
  CHECK(contains(meta("format", "odot-unheard-of"), "does not hold an odot model"));
  CHECK(contains(meta("format", "odot-factorization"), "missing"));
  CHECK(contains(meta("version", "2"), "newer odot"));
  for (const std::string layers : {"", "x", "[]", "[1]", "[4,5,2]", "[4,0,1]", "[4,-5,1]", "[4,5.5,1]", "{\"a\":1}",
                                   "[4,9999999999,1]", "[4,99999999999999999999,1]", "\"4,5,1\""}) {
    CAPTURE(layers);
    CHECK_FALSE(meta("layers", layers.c_str()).empty());
  }
  CHECK(contains(meta("layers", "[4,6,1]"), "do not go with a layer from 4 to 6"));
  CHECK(contains(meta("layers", "[5,5,1]"), "takes 5 inputs, but its features give 4"));
  CHECK(contains(meta("layers", "[4,5,1,1]"), "\"layers.2.weight\" is missing"));
  CHECK(contains(meta("layers", "[4,1]"), "do not go with a layer from 4 to 1"));
  CHECK(contains(meta("output_relu", "maybe"), "true or false"));
  CHECK(contains(meta("scale", "nan"), "should be a number"));
  CHECK(contains(meta("lowest", "6"), "empty"));
  CHECK(contains(meta("user_encoding", "{}"), "no encoding of features"));
  CHECK(
      contains(meta("item_encoding", "{\"id\":{\"name\":\"\",\"position\":0},\"columns\":[]}"), "does not go with 0"));
  CHECK(contains(with([](Parts& p) { p.header["__metadata__"].erase("scale"); }), "missing"));
  CHECK(contains(with([](Parts& p) { p.header["user_inputs"]["shape"] = {27, 1}; }), "does not go with 3 inputs"));
  CHECK(contains(with([](Parts& p) { p.header["layers.0.weight"]["shape"] = {4, 5}; }), "do not go with a layer"));
  CHECK(contains(with([](Parts& p) { p.header["layers.0.weight"]["shape"] = {20}; }), "dimensions"));
  CHECK(contains(with([](Parts& p) {
                   p.header["layers.9.bias"] = {{"dtype", "U8"}, {"shape", {0}}, {"data_offsets", {0, 0}}};
                 }),
                 "that no model has"));
  CHECK(contains(with([](Parts& p) {
                   const Real value = std::numeric_limits<Real>::quiet_NaN();
                   std::memcpy(p.tensor("layers.1.weight") + sizeof value, &value, sizeof value);
                 }),
                 "no usable number"));
  CHECK(contains(with([](Parts& p) {
                   const Real value = std::numeric_limits<Real>::infinity();
                   std::memcpy(p.tensor("unknown_item"), &value, sizeof value);
                 }),
                 "no usable number"));
}

}  // namespace
}  // namespace odot
