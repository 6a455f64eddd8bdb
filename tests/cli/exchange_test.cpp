// odot export and odot import.
#include <filesystem>

#include "program.hpp"

namespace odot::test {
namespace {

struct Trained : Session {
  Trained() {
    write_bytes(folder / "r", small_ratings());
    REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "--rank", "4"}).code == 0);
  }
  std::vector<double> predictions(const std::string& model) const {
    std::vector<double> values;
    for (const Words& fields : fields_of(done({"predict", model, "r", "--no-clip", "-q"}).out)) {
      values.push_back(std::stod(fields.at(2)));
    }
    return values;
  }
};

TEST_CASE("folders of arrays and of tables") {
  const Trained trained;
  const Outcome npy = trained.done({"export", "m", "--format", "npy", "-o", "arrays"});
  CHECK(npy.out == "");
  check_has(npy.err, {"written to arrays"});
  for (const char* name :
       {"U.npy", "V.npy", "user_bias.npy", "item_bias.npy", "user_ids.txt", "item_ids.txt", "metadata.json"}) {
    CHECK(std::filesystem::exists(trained.folder / ("arrays/" + std::string(name))));
  }
  CHECK(trained.done({"export", "m", "--format", "csv", "-o", "tables", "-q"}).err == "");
  CHECK(lines_of(read_bytes(trained.folder / "tables/users.csv")).size() == 31);
  trained.refused(1, {"export", "m", "--format", "csv", "-o", "tables"}, {"tables", "not empty; give a new one"});
}

TEST_CASE("to LIBMF and back, the model predicts the same") {
  const Trained trained;
  check_has(trained.done({"export", "m", "--format", "libmf", "-o", "lm"}).err,
            {"P (users): ", "numbered by id", "rank 6, 2 of them for mean and biases", "written to lm"});
  check_has(trained.done({"import", "lm", "-o", "m2"}).err, {"rank 6, 30 users", "20 items"});
  const std::vector<double> expected = trained.predictions("m");
  const std::vector<double> found = trained.predictions("m2");
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) CHECK(found[k] == doctest::Approx(expected[k]).epsilon(1e-5));
  // What makes use of a model makes use of this one.
  const auto lists = [&](const std::string& model) {
    std::string text;
    for (const Words& entry :
         fields_of(trained.done({"recommend", model, "--top", "3", "--format", "csv", "-q"}).out)) {
      text += entry.at(0) + " " + entry.at(2) + "\n";
    }
    return text;
  };
  CHECK(lists("m2") == lists("m"));
  CHECK(Json::parse(trained.done({"info", "m2", "--json"}).out)["settings"]["imported-from"] == "LIBMF");
  trained.done({"fold-in", "m2", "r", "--update", "--lambda", "1", "-o", "m3", "-q"});
  trained.done({"train", "r", "--init-model", "m2", "--no-biases", "--no-center", "-o", "m4", "-q"});
  // Through pipes too.
  const Conditions piped{.input = read_bytes(trained.folder / "lm")};
  trained.done({"import", "-", "-o", "m5", "-q"}, piped);
  CHECK((read_bytes(trained.folder / "m5") == read_bytes(trained.folder / "m2")));
}

TEST_CASE("ids that are words come back from their files") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", "anna,x y,1\nanna,z,3\nbob,z,4\nbob,x y,2\n");
  REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "--rank", "2"}).code == 0);
  check_has(run(folder, {"export", "m", "--format", "libmf", "-o", "lm"}).err,
            {"P (users): 2 rows, whose ids are in lm.users", "Q (items): 2 rows, whose ids are in lm.items"});
  REQUIRE(run(folder, {"import", "lm", "--users", "lm.users", "--items", "lm.items", "-o", "m2", "-q"}).code == 0);
  const std::vector<Words> expected = fields_of(run(folder, {"predict", "m", "r", "-q", "--no-clip"}).out);
  const std::vector<Words> found = fields_of(run(folder, {"predict", "m2", "r", "-q"}).out);
  REQUIRE(expected.size() == 4);
  REQUIRE(found.size() == 4);
  for (std::size_t k = 0; k < 4; ++k) CHECK(std::stod(found[k][2]) == doctest::Approx(std::stod(expected[k][2])));
  // Files of ids are not written over the model.
  std::filesystem::copy(folder / "m", folder / "w.users");
  CHECK(run(folder, {"export", "w.users", "--format", "libmf", "-o", "w"}).code == 2);
  CHECK((read_bytes(folder / "w.users") == read_bytes(folder / "m")));
  CHECK(run(folder, {"recommend", "m2", "--user", "anna", "-q"}).out.find("x y") != std::string::npos);
}

TEST_CASE("wrong usage and wrong files") {
  const Trained trained;
  write_bytes(trained.folder / "text", "anything\n");
  write_rated_features(trained.folder, 30);
  trained.done({"train", "r.csv", "--method", "mlp", "--users", "users.csv", "--items", "items.csv", "-t", "1", "-q",
                "-o", "network"});
  trained.refused(2, {"export", "m"}, {"--format is missing: npy, csv or libmf"});
  trained.refused(2, {"export", "m", "--format", "npz", "-o", "x"},
                  {"--format is 'npz', but must be npy, csv or libmf"});
  trained.refused(2, {"export", "m", "--format", "npy"}, {"-o PATH is missing"});
  trained.refused(2, {"export", "m", "--format", "npy", "-o", "-"}, {"-o must be a folder"});
  trained.refused(2, {"export", "m", "--format", "libmf", "-o", "-"}, {"-o must be a file"});
  trained.refused(2, {"export", "m", "--format", "libmf", "-o", "m"}, {"would overwrite the input m"});
  trained.refused(1, {"export", "network", "--format", "csv", "-o", "x"},
                  {"found a neural network, which has no factors; expected a factorization"});
  trained.refused(1, {"export", "text", "--format", "csv", "-o", "x"}, {"text"});
  trained.refused(1, {"export", "m", "--format", "libmf", "-o", "no/x"}, {"does the folder exist?"});
  trained.refused(1, {"export", "m", "--format", "libmf", "-o", "/dev/full"}, {"No space left on device"});
  trained.refused(2, {"import", "text"}, {"-o MODEL is missing"});
  trained.refused(1, {"import", "text", "-o", "x"}, {"text:1: found \"anything\", expected the header"});
  trained.refused(1, {"import", "m", "-o", "x"}, {"m"});
  trained.refused(1, {"import", "missing", "-o", "x"}, {"missing"});
  trained.done({"export", "m", "--format", "libmf", "-o", "lm"});
  trained.refused(1, {"import", "lm", "--users", "text", "-o", "x"},
                  {"lm: found ", " rows of P (users), but there are 1 ids"});
  write_bytes(trained.folder / "gap", "1\n\n2\n");
  trained.refused(1, {"import", "lm", "--users", "gap", "-o", "x"}, {"gap:2: found an empty line, expected an id"});
  write_bytes(trained.folder / "wide", std::string("1\0\n\0002\0\n\0", 8));
  trained.refused(1, {"import", "lm", "--users", "wide", "-o", "x"}, {"wide: found UTF-16 text", "iconv"});
  write_bytes(trained.folder / "bytes", "1\n\x02\n");
  trained.refused(1, {"import", "lm", "--users", "bytes", "-o", "x"}, {"bytes:2: found the byte 0x02"});
}

}  // namespace
}  // namespace odot::test
