// Model files: what is saved comes back, and no file, however damaged, does worse than an error.
#include "odot/model/model_file.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "model_parts.hpp"
#include "models.hpp"
#include "odot/core/error.hpp"
#include "support/saved_model.hpp"

namespace odot {
namespace {

using nlohmann::json;
using test::Parts;
using test::random_model;
using test::read_bytes;
using test::saved;
using test::TemporaryFolder;
using test::write_bytes;

std::string load_error(const std::string& path) {
  try {
    load_factorization(path);
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(message.find(path) != std::string::npos);
    return message;
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("a model comes back with the same predictions, ids, settings and bytes") {
  const TemporaryFolder folder;
  for (int rank : {1, 3, 8, 10, 33}) {
    for (bool biases : {false, true}) {
      CAPTURE(rank);
      CAPTURE(biases);
      Factorization model = random_model(9, 7, rank, biases, 1.7);
      const std::string bytes = saved(model, folder / "model");
      const double with_pin = model.predict(2, 5);
      absorb_pin(model);
      CHECK(model.pin == 1);
      CHECK(model.predict(2, 5) == doctest::Approx(with_pin).epsilon(1e-6));
      CHECK(saved(model, folder / "absorbed") == bytes);
      CHECK(saved(model, folder / "again") == bytes);
      const Factorization back = load_factorization(folder / "model");
      CHECK(saved(back, folder / "again") == bytes);
      CHECK(back.layout == model.layout);
      CHECK(back.settings == model.settings);
      CHECK(back.mean == model.mean);
      CHECK(back.lowest == model.lowest);
      CHECK(back.highest == model.highest);
      for (Index i : {0, 1, 8}) CHECK(back.users[i] == model.users[i]);
      for (Index j : {0, 1, 6}) CHECK(back.items.find(model.items[j]) == j);
      for (Index i : {Index{0}, Index{4}, Index{8}, kUnknown}) {
        for (Index j : {Index{0}, Index{3}, Index{6}, kUnknown}) CHECK(back.predict(i, j) == model.predict(i, j));
      }
      // The pinned columns work too: the product of whole rows contains the biases.
      if (!biases) continue;
      double whole = back.mean;
      for (std::size_t k = 0; k < back.layout.stride(); ++k) {
        whole += static_cast<double>(back.theta[back.layout.user_row(2) + k]) *
                 static_cast<double>(back.theta[back.layout.item_row(5) + k]);
      }
      CHECK(whole == doctest::Approx(model.predict(2, 5)).epsilon(1e-12));
    }
  }
}

TEST_CASE("the file is what safetensors prescribes") {
  const TemporaryFolder folder;
  const Factorization model = random_model(9, 7, 3, true, 2);
  const std::string bytes = saved(model, folder / "model");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(length % 8 == 0);
  Parts parts(bytes);
  CHECK(parts.header["U"]["shape"] == json({9, 3}));
  CHECK(parts.header["V"]["shape"] == json({7, 3}));
  CHECK(parts.header["U"]["dtype"] == (sizeof(Real) == 4 ? "F32" : "F64"));
  CHECK(parts.header["user_bias"]["shape"] == json({9}));
  for (const auto& [key, value] : parts.header["__metadata__"].items()) CHECK(value.is_string());
  Real element;
  std::memcpy(&element, parts.tensor("V") + (4 * 3 + 2) * sizeof(Real), sizeof element);
  CHECK(element == model.theta[model.layout.item_row(4) + 2]);
  std::memcpy(&element, parts.tensor("item_bias") + 4 * sizeof(Real), sizeof element);
  CHECK(element == model.theta[model.layout.item_row(4) + 4] * 2);
  CHECK(parts.header["__metadata__"]["checksum"] == Parts(parts.bytes()).header["__metadata__"]["checksum"]);
}

TEST_CASE("a model of the other precision is read") {
  const TemporaryFolder folder;
  const Factorization model = random_model(4, 3, 3, true, 1);
  Parts parts(saved(model, folder / "model"));
  std::string data;
  json header;
  header["__metadata__"] = parts.header["__metadata__"];
  for (const char* name :
       {"user_id_offsets", "item_id_offsets", "U", "V", "user_bias", "item_bias", "user_ids", "item_ids"}) {
    json entry = parts.header[name];
    const std::size_t begin = data.size();
    const std::size_t old_begin = entry["data_offsets"][0], old_end = entry["data_offsets"][1];
    if (entry["dtype"] == "F32" || entry["dtype"] == "F64") {
      using Other = std::conditional_t<sizeof(Real) == 4, double, float>;
      entry["dtype"] = sizeof(Other) == 4 ? "F32" : "F64";
      for (std::size_t at = old_begin; at < old_end; at += sizeof(Real)) {
        Real element;
        std::memcpy(&element, parts.data.data() + at, sizeof element);
        const Other other = static_cast<Other>(element);
        data.append(reinterpret_cast<const char*>(&other), sizeof other);
      }
    } else {
      data.append(parts.data, old_begin, old_end - old_begin);
    }
    entry["data_offsets"] = {begin, data.size()};
    header[name] = entry;
  }
  parts.header = header;
  parts.data = data;
  write_bytes(folder / "other", parts.bytes());
  const Factorization back = load_factorization(folder / "other");
  CHECK(back.predict(1, 2) == doctest::Approx(model.predict(1, 2)).epsilon(1e-6));
  CHECK(back.predict(3, 0) == doctest::Approx(model.predict(3, 0)).epsilon(1e-6));
}

TEST_CASE("a file that ends anywhere too early is an error") {
  const TemporaryFolder folder;
  const std::string bytes = saved(random_model(3, 2, 2, true, 1), folder / "model");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    write_bytes(folder / "short", bytes.substr(0, length));
    REQUIRE_FALSE(load_error(folder / "short").empty());
  }
  write_bytes(folder / "long", bytes + "x");
  CHECK_FALSE(load_error(folder / "long").empty());
}

TEST_CASE("a change of any byte is an error, or nothing that matters") {
  const TemporaryFolder folder;
  const Factorization model = random_model(3, 2, 2, true, 1);
  const std::string bytes = saved(model, folder / "model");
  std::size_t undetected = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int change :
         {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF, bytes[at] ^ ' ', bytes[at] ^ '"', bytes[at] ^ '0'}) {
      if ((change & 0xFF) == 0) continue;
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ change);
      write_bytes(folder / "changed", changed);
      try {
        const Factorization back = load_factorization(folder / "changed");
        ++undetected;
        REQUIRE(back.layout == model.layout);
        REQUIRE(back.predict(2, 1) == model.predict(2, 1));
        REQUIRE(back.settings == model.settings);
      } catch (const Error&) {
      }
    }
  }
  CHECK(undetected == 0);
}

TEST_CASE("what is no model is called that") {
  const TemporaryFolder folder;
  CHECK(contains(load_error(folder / "nowhere"), "no such file"));
  CHECK(contains(load_error(folder.path().string()), "directory"));
  CHECK(contains(load_error("/dev/null"), "no regular file"));
  write_bytes(folder / "empty", "");
  CHECK(contains(load_error(folder / "empty"), "no model"));
  write_bytes(folder / "ratings", "1::2::3\n1::3::4\n1::4::5\n");
  CHECK(contains(load_error(folder / "ratings"), "no model"));
  Parts parts(saved(random_model(3, 2, 2, false, 1), folder / "model"));
  write_bytes(folder / "huge", std::string(8, '\xFF') + "{}");
  CHECK(contains(load_error(folder / "huge"), "no model"));
  for (const char* text : {"{", "{]", "{\"a\": }", "{\"a\": \xFF}"}) {
    write_bytes(folder / "bad", parts.bytes_with(text));
    CHECK(contains(load_error(folder / "bad"), "not JSON"));
  }
  write_bytes(folder / "deep", parts.bytes_with("{\"a\": " + std::string(100'000, '[')));
  CHECK(contains(load_error(folder / "deep"), "not JSON"));
  parts.header = {{"weight", {{"dtype", "BF16"}, {"shape", {1}}, {"data_offsets", {0, 2}}}}};
  parts.data = "xx";
  write_bytes(folder / "other", parts.bytes_with(parts.header.dump()));
  CHECK(contains(load_error(folder / "other"), "does not hold an odot model"));
}

TEST_CASE("each false statement of a header is found") {
  const TemporaryFolder folder;
  const std::string bytes = saved(random_model(3, 2, 2, true, 1), folder / "model");
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

  CHECK(contains(meta("version", "2"), "newer odot"));
  CHECK(contains(meta("version", "0"), "unknown"));
  CHECK(contains(meta("version", "one"), "should be a number"));
  CHECK(contains(meta("rank", "0"), "rank"));
  CHECK(contains(meta("rank", "-2"), "rank"));
  CHECK(contains(meta("rank", "3"), "does not go with rank 3"));
  CHECK(contains(meta("rank", "1025"), "rank"));
  CHECK(contains(meta("rank", "99999999999999999999"), "should be a number"));
  CHECK(contains(meta("mean", "nan"), "should be a number"));
  CHECK(contains(meta("mean", "inf"), "should be a number"));
  CHECK(contains(meta("mean", "3 "), "should be a number"));
  CHECK(contains(meta("lowest", "6"), "empty"));
  CHECK(contains(meta("biases", "maybe"), "true or false"));
  CHECK(contains(meta("biases", "false"), "that no model has"));
  CHECK(contains(with([](Parts& p) { p.header["__metadata__"].erase("mean"); }), "missing"));
  CHECK(contains(with([](Parts& p) { p.header["__metadata__"]["number"] = 5; }), "not a string"));

  for (const json& offsets :
       {json{-8, 24}, json{0.5, 24.5}, json{24, 0}, json{0}, json{0, 8, 24}, json("x"), json{nullptr, 1}}) {
    CAPTURE(offsets.dump());
    CHECK(contains(with([&](Parts& p) { p.header["U"]["data_offsets"] = offsets; }), "data_offsets"));
  }
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  CHECK_FALSE(with([&](Parts& p) { p.header["U"]["data_offsets"] = {most - 1, most}; }).empty());
  CHECK(contains(with([&](Parts& p) {
                   const std::uint64_t size = 6 * sizeof(Real);
                   p.header["U"]["data_offsets"] = {most - size, most};
                 }),
                 "cut short"));
  CHECK(contains(with([](Parts& p) { p.header["V"]["data_offsets"] = {0, 4 * sizeof(Real)}; }), "overlap"));
  CHECK(contains(with([](Parts& p) { p.data += "12345678"; }), "the data have"));
  CHECK(contains(with([](Parts& p) { p.header.erase("item_ids"); }), "the data have"));
  CHECK(contains(with([](Parts& p) {
                   p.header["X"] = p.header["V"];
                   p.header.erase("V");
                 }),
                 "\"V\" is missing"));
  CHECK(contains(with([](Parts& p) {
                   p.header["extra"] = {{"dtype", "U8"}, {"shape", {0}}, {"data_offsets", {0, 0}}};
                 }),
                 "that no model has"));

  CHECK_FALSE(with([](Parts& p) { p.header["U"]["dtype"] = "I64"; }).empty());
  CHECK(contains(with([](Parts& p) { p.header["U"]["dtype"] = "Q7"; }), "dtype"));
  CHECK(contains(with([](Parts& p) { p.header["U"]["dtype"] = 5; }), "dtype"));
  CHECK(contains(with([](Parts& p) { p.header["U"].erase("shape"); }), "shape"));
  CHECK(contains(with([](Parts& p) { p.header["U"]["shape"] = {3, -2}; }), "shape"));
  CHECK(contains(with([](Parts& p) { p.header["U"]["shape"] = {2, 3}; }), "does not go with rank"));
  CHECK(contains(with([](Parts& p) { p.header["U"]["shape"] = {6}; }), "dimensions"));
  CHECK(contains(with([](Parts& p) { p.header["U"]["shape"] = {4, 2}; }), "need"));
  CHECK(contains(with([](Parts& p) { p.header["U"]["shape"] = {1ULL << 40, 1ULL << 40}; }), "need"));
  CHECK(contains(with([](Parts& p) { p.header["U"] = 5; }), "not an object"));

  Parts twice(bytes);
  std::string text = twice.header.dump();
  text.insert(1, "\"U\": 1, ");
  write_bytes(folder / "bad", twice.bytes_with(text));
  CHECK(contains(load_error(folder / "bad"), "occurs twice"));
}

TEST_CASE("each false content of a tensor is found") {
  const TemporaryFolder folder;
  const std::string bytes = saved(random_model(3, 2, 2, true, 1), folder / "model");
  const auto with = [&](const char* tensor, std::size_t at, auto value) {
    Parts parts(bytes);
    std::memcpy(parts.tensor(tensor) + at * sizeof value, &value, sizeof value);
    write_bytes(folder / "bad", parts.bytes());
    return load_error(folder / "bad");
  };
  CHECK(with("U", 3, Real(1)).empty());
  CHECK(contains(with("U", 3, std::numeric_limits<Real>::quiet_NaN()), "no usable number"));
  CHECK(contains(with("V", 0, std::numeric_limits<Real>::infinity()), "no usable number"));
  CHECK(contains(with("item_bias", 1, -std::numeric_limits<Real>::infinity()), "no usable number"));
  CHECK(contains(with("user_id_offsets", 0, std::int64_t{1}), "does not run from 0"));
  CHECK(contains(with("user_id_offsets", 3, std::int64_t{1}), "does not run from 0"));
  CHECK(contains(with("user_id_offsets", 1, std::int64_t{1000}), "does not ascend"));
  CHECK(contains(with("user_id_offsets", 1, std::int64_t{-1}), "does not ascend"));
  CHECK(contains(with("user_id_offsets", 2, std::numeric_limits<std::int64_t>::min()), "does not ascend"));
  CHECK(contains(with("user_ids", 5, '1'), "occurs twice"));
}

}  // namespace
}  // namespace odot
