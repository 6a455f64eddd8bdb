// Models in other formats: what is exported is what another program reads, read here by other code, and what LIBMF
// wrote predicts what LIBMF does.
#include "odot/model/exchange.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "mlp_models.hpp"
#include "models.hpp"
#include "odot/core/error.hpp"
#include "odot/model/model_file.hpp"
#include "support/saved_model.hpp"

namespace odot {
namespace {

namespace fs = std::filesystem;
using test::random_model;
using test::read_bytes;
using test::saved;
using test::TemporaryFolder;
using test::write_bytes;

// A random model whose ids are these.
Factorization model_with_ids(const std::vector<std::string>& users, const std::vector<std::string>& items, int rank,
                             bool biases, double pin = 1.7) {
  Factorization model =
      random_model(static_cast<Index>(users.size()), static_cast<Index>(items.size()), rank, biases, pin);
  model.users = IdTable();
  model.items = IdTable();
  for (const std::string& id : users) model.users.add(id);
  for (const std::string& id : items) model.items.add(id);
  return model;
}

const std::vector<std::string> kUsers{"3", "0", "11", "5"};
const std::vector<std::string> kItems{"2", "7", "1"};
const std::vector<std::string> kNames{"anna", "b c", "\"d\", e"};

Real bias_of_user(const Factorization& model, Index user) {
  const std::size_t at = model.layout.user_row(user) + static_cast<std::size_t>(model.layout.user_bias());
  return static_cast<Real>(static_cast<double>(model.theta[at]) * model.pin);
}

// An array of NumPy's: the header is compared as text, the elements are what follows.
struct Npy {
  std::string header;
  std::vector<Real> values;

  explicit Npy(const std::string& path) {
    const std::string bytes = read_bytes(path);
    REQUIRE(bytes.size() >= 10);
    REQUIRE(bytes.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
    const std::size_t length = static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
    CHECK((10 + length) % 64 == 0);
    header = bytes.substr(10, length);
    CHECK(header.back() == '\n');
    header = header.substr(0, header.find_last_not_of(" \n") + 1);
    const std::string data = bytes.substr(10 + length);
    values.resize(data.size() / sizeof(Real));
    CHECK(values.size() * sizeof(Real) == data.size());
    std::memcpy(values.data(), data.data(), data.size());
  }
};

std::string npy_header(const std::string& shape) {
  return std::string("{'descr': '<f") + (sizeof(Real) == 8 ? "8" : "4") + "', 'fortran_order': False, 'shape': (" +
         shape + ",), }";
}

TEST_CASE("arrays for NumPy have every number, the ids and the metadata of the model file") {
  const TemporaryFolder folder;
  const Factorization model = model_with_ids(kUsers, kNames, 5, true);
  export_npy(model, folder / "out");
  const Npy u(folder / "out/U.npy");
  const Npy v(folder / "out/V.npy");
  const Npy bias(folder / "out/user_bias.npy");
  CHECK(u.header == npy_header("4, 5"));
  CHECK(v.header == npy_header("3, 5"));
  CHECK(bias.header == npy_header("4"));
  CHECK(Npy(folder / "out/item_bias.npy").values.size() == 3);
  for (Index user = 0; user < 4; ++user) {
    CHECK(bias.values[user] == bias_of_user(model, user));
    for (std::size_t k = 0; k < 5; ++k) CHECK(u.values[user * 5 + k] == model.theta[model.layout.user_row(user) + k]);
  }
  for (Index item = 0; item < 3; ++item) {
    for (std::size_t k = 0; k < 5; ++k) CHECK(v.values[item * 5 + k] == model.theta[model.layout.item_row(item) + k]);
  }
  CHECK(read_bytes(folder / "out/user_ids.txt") == "3\n0\n11\n5\n");
  CHECK(read_bytes(folder / "out/item_ids.txt") == "anna\nb c\n\"d\", e\n");
  const auto metadata = nlohmann::json::parse(read_bytes(folder / "out/metadata.json"));
  CHECK(metadata["mean"].get<std::string>() == "3.4333333333333336");
  CHECK(metadata["rank"] == "5");
  CHECK(metadata["setting.optimizer"] == "lbfgs");
}

TEST_CASE("a model without biases, and a network, are exported too") {
  const TemporaryFolder folder;
  export_npy(model_with_ids(kUsers, kItems, 2, false), folder / "plain");
  CHECK(fs::exists(folder / "plain/V.npy"));
  CHECK(!fs::exists(folder / "plain/user_bias.npy"));
  Mlp network = test::random_mlp({3, 2});
  network.items = IdTable();
  for (Index item = 0; item < 7; ++item) network.items.add(std::to_string(item));
  export_npy(network, folder / "network");
  const Npy weights(folder / "network/layers.0.weight.npy");
  CHECK(weights.values.size() == network.layers[0] * network.layers[1]);
  CHECK(weights.values[0] == network.theta[0]);
  CHECK(Npy(folder / "network/unknown_item.npy").values.size() == network.item_side.unknown.size());
}

TEST_CASE("tables read back as the same numbers") {
  const TemporaryFolder folder;
  Factorization model = model_with_ids(kUsers, kNames, 3, true);
  model.theta[0] = std::numeric_limits<Real>::denorm_min();
  model.theta[1] = std::numeric_limits<Real>::max();
  export_csv(model, folder / "out");
  std::istringstream users(read_bytes(folder / "out/users.csv"));
  std::string line;
  std::getline(users, line);
  CHECK(line == "user,bias,factor_1,factor_2,factor_3");
  for (Index user = 0; user < 4; ++user) {
    std::getline(users, line);
    std::istringstream fields(line);
    std::string field;
    std::getline(fields, field, ',');
    CHECK(field == kUsers[user]);
    for (std::size_t k = 0; k < 4; ++k) {
      std::getline(fields, field, ',');
      Real value = 0;
      std::from_chars(field.data(), field.data() + field.size(), value);
      CHECK(value == (k == 0 ? bias_of_user(model, user) : model.theta[model.layout.user_row(user) + k - 1]));
    }
  }
  CHECK(!std::getline(users, line));
  CHECK(read_bytes(folder / "out/items.csv").find("\n\"\"\"d\"\", e\",") != std::string::npos);
  CHECK(read_bytes(folder / "out/metadata.json").find("\"rank\": \"3\"") != std::string::npos);
  export_csv(model_with_ids(kUsers, kItems, 1, false), folder / "plain");
  CHECK(read_bytes(folder / "plain/items.csv").starts_with("item,factor_1\n2,"));
}

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("a folder that has something in it is left as it is, and nothing is left of what fails") {
  const TemporaryFolder folder;
  const Factorization model = model_with_ids(kUsers, kItems, 2, true);
  fs::create_directory(folder / "empty");
  export_csv(model, folder / "empty");
  CHECK(contains(error_of([&] { export_npy(model, folder / "empty"); }), "not empty"));
  CHECK(!fs::exists(folder / "empty/U.npy"));
  write_bytes(folder / "file", "x");
  CHECK(contains(error_of([&] { export_npy(model, folder / "file"); }), "it is a file; give a new folder"));
  CHECK(contains(error_of([&] { export_npy(model, folder / "no/such"); }), "does the folder that it is in exist?"));

  const Factorization strange = random_model(3, 3, 2, true, 1);  // an id has a line end
  CHECK(contains(error_of([&] { export_npy(strange, folder / "new"); }), "has a line end"));
  CHECK(contains(error_of([&] { export_csv(strange, folder / "new"); }), "control character in it"));
  CHECK(!fs::exists(folder / "new"));
  fs::create_directory(folder / "mine");
  CHECK(contains(error_of([&] { export_npy(strange, folder / "mine"); }), "has a line end"));
  CHECK(fs::is_empty(folder / "mine"));
}

// What LIBMF makes of its file: read word by word, as its mf_load_model() does, and multiplied as mf_predict() does.
struct LibmfOracle {
  int m = 0;
  int n = 0;
  int k = 0;
  float b = 0;
  std::vector<float> p;
  std::vector<float> q;

  explicit LibmfOracle(const std::string& path) {
    std::ifstream file(path);
    std::string word;
    int f = -1;
    file >> word >> f >> word >> m >> word >> n >> word >> k >> word >> b;
    CHECK(f == 0);
    const auto read = [&](std::vector<float>& values, int rows) {
      for (int row = 0; row < rows; ++row) {
        std::string flag;
        file >> word >> flag;
        for (int d = 0; d < k; ++d) {
          float value = 0;
          file >> value;
          values.push_back(flag == "F" ? std::numeric_limits<float>::quiet_NaN() : value);
        }
      }
    };
    read(p, m);
    read(q, n);
    REQUIRE(!file.fail());
    CHECK(!(file >> word));
  }

  float predict(int u, int v) const {
    if (u < 0 || u >= m || v < 0 || v >= n) return b;
    const float* first = p.data() + u * k;
    const float z = std::inner_product(first, first + k, q.data() + v * k, 0.0f);
    return std::isnan(z) ? b : z;
  }
};

TEST_CASE("LIBMF predicts what the model does, known and unknown, by the ids") {
  const TemporaryFolder folder;
  for (int rank : {1, 7, 16}) {
    for (bool biases : {false, true}) {
      for (double mean : {0.0, 3.5}) {
        CAPTURE(rank);
        CAPTURE(biases);
        CAPTURE(mean);
        Factorization model = model_with_ids(kUsers, kItems, rank, biases);
        model.mean = mean;
        const LibmfExport made = export_libmf(model, folder / "lm");
        CHECK(made.users.by_id);
        CHECK(made.users.rows == 12);
        CHECK(made.items.rows == 8);
        CHECK(made.rank == rank + (biases ? 2 : mean != 0 ? 1 : 0));
        CHECK(!fs::exists(folder / "lm.users"));
        const LibmfOracle oracle(folder / "lm");
        CHECK(oracle.m == 12);
        CHECK(oracle.k == made.rank);
        for (int user = -1; user < 14; ++user) {
          for (int item = -1; item < 10; ++item) {
            const Index i = model.users.find(std::to_string(user));
            const Index j = model.items.find(std::to_string(item));
            const bool known = i != kUnknown && j != kUnknown;
            const double expected = known ? model.predict(i, j) : model.unknown_mean;
            CHECK(static_cast<double>(oracle.predict(user, item)) == doctest::Approx(expected).epsilon(1e-5));
          }
        }
      }
    }
  }
}

TEST_CASE("ids that are no numbers, or too far apart, go to files beside it") {
  const TemporaryFolder folder;
  const Factorization model = model_with_ids({"01", "2"}, {"1", "2000000000"}, 3, true);
  const LibmfExport made = export_libmf(model, folder / "lm");
  CHECK(!made.users.by_id);
  CHECK(made.users.id_file == folder / "lm.users");
  CHECK(made.items.rows == 2);
  CHECK(read_bytes(folder / "lm.users") == "01\n2\n");
  CHECK(read_bytes(folder / "lm.items") == "1\n2000000000\n");
  const LibmfOracle oracle(folder / "lm");
  CHECK(oracle.m == 2);
  CHECK(static_cast<double>(oracle.predict(1, 0)) == doctest::Approx(model.predict(1, 0)).epsilon(1e-5));

  const LibmfImport back = import_libmf(folder / "lm", {"01", "2"}, {"1", "2000000000"});
  CHECK(back.model.items.find("2000000000") == 1);
  CHECK(back.model.predict(0, 1) == doctest::Approx(model.predict(0, 1)).epsilon(1e-5));
  for (const char* id : {"-1", "-0", "", "+1", "1.0", " 1", "2147483647", "99999999999", "1x", "00"}) {
    CAPTURE(id);
    CHECK(!export_libmf(model_with_ids({"1", id}, kItems, 1, false), folder / "other").users.by_id);
  }
  CHECK(export_libmf(model_with_ids({"0", "1"}, kItems, 1, false), folder / "other").users.by_id);
}

TEST_CASE("large models too, whose text does not fit a buffer") {
  const TemporaryFolder folder;
  std::vector<std::string> users;
  for (int user = 0; user < 3000; ++user) users.push_back(std::to_string(2 * user));
  const Factorization model = model_with_ids(users, kItems, 8, true);
  export_libmf(model, folder / "lm");
  const LibmfOracle oracle(folder / "lm");
  CHECK(oracle.m == 5999);
  CHECK(static_cast<double>(oracle.predict(5998, 7)) == doctest::Approx(model.predict(2999, 1)).epsilon(1e-5));
  export_csv(model, folder / "tables");
  const std::string table = read_bytes(folder / "tables/users.csv");
  CHECK(std::count(table.begin(), table.end(), '\n') == 3001);
}

TEST_CASE("rows are numbered by id unless nine in ten were empty") {
  const TemporaryFolder folder;
  // 2 ids: up to 10 * 3 rows.
  CHECK(export_libmf(model_with_ids({"0", "29"}, kItems, 1, false), folder / "a").users.by_id);
  CHECK(!export_libmf(model_with_ids({"0", "30"}, kItems, 1, false), folder / "a").users.by_id);
}

TEST_CASE("what fails leaves no ids behind") {
  const TemporaryFolder folder;
  const Factorization model = model_with_ids(kNames, kItems, 1, false);
  CHECK(contains(error_of([&] { export_libmf(model, "/dev/null"); }), "need a file beside it"));
  CHECK(!fs::exists("/dev/null.users"));
  fs::create_directory(folder / "lm.items");
  CHECK(error_of([&] { export_libmf(model_with_ids(kUsers, kNames, 1, false), folder / "lm"); }) != "");
  CHECK(fs::is_empty(folder / "lm.items"));
  fs::remove(folder / "lm.items");
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a model that came in goes out as it came") {
  const TemporaryFolder folder;
  export_libmf(model_with_ids(kUsers, kItems, 5, true), folder / "a");
  const LibmfImport read = import_libmf(folder / "a");
  CHECK(read.empty_users == 8);
  CHECK(read.empty_items == 5);
  CHECK(read.model.layout == FactorLayout{4, 3, 7, false});
  export_libmf(read.model, folder / "b");
  CHECK(read_bytes(folder / "b") == read_bytes(folder / "a"));
  // It is a model like others.
  const std::string bytes = saved(read.model, folder / "m");
  CHECK(saved(load_factorization(folder / "m"), folder / "m2") == bytes);
  CHECK(!load_model(folder / "m")->clip);
}

}  // namespace
}  // namespace odot
