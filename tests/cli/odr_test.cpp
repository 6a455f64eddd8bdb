// .odr files through the program: the same models as from text, nothing but a message from damaged ones, and ratings
// made in either form.
#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>

#include "odot/core/error.hpp"
#include "odot/ratings/odr.hpp"
#include "odot/ratings/read.hpp"
#include "program.hpp"
#include "ratings/odr/format.hpp"
#include "support/rating_files.hpp"

namespace odot::test {
namespace {

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// r.csv and r.odr with small_ratings().
void write_both(const TemporaryFolder& folder) {
  write_bytes(folder / "r.csv", small_ratings());
  const Outcome outcome = run(folder, {"convert", "r.csv", "-o", "r.odr", "-q"});
  REQUIRE(outcome.code == 0);
  CHECK(outcome.out + outcome.err == "");
}

TEST_CASE("models from .odr are those from text to the last bit, with any memory and whatever the file is called") {
  const TemporaryFolder folder;
  write_both(folder);
  std::filesystem::copy_file(folder / "r.odr", folder / "r.data");
  const auto model = [&](const std::string& ratings, const Words& options) {
    const Outcome outcome = run(folder, with({"train", ratings, "-o", "m", "-q"}, options));
    CHECK(outcome.code == 0);
    CHECK(outcome.err == "");
    return read_bytes(folder / "m");
  };
  for (const Words& options :
       {Words{"--iterations", "3"}, Words{"--method", "blocks", "-t", "3"}, Words{"--method", "nnmf", "-t", "3"},
        Words{"-t", "2", "--valid", "r.csv"}, Words{"-t", "2", "--method", "variational"},
        Words{"-t", "3", "--method", "gibbs"}, Words{"-t", "2", "--no-center"}}) {
    const std::string expected = model("r.csv", options);
    REQUIRE(expected.size() > 1000);
    CHECK((model("r.odr", options) == expected));
    CHECK((model("r.data", with(options, {"--memory-limit", "1"})) == expected));
    CHECK((model("r.odr", with(options, {"--threads", "3", "--memory-limit", "1M"})) == expected));
  }
}

TEST_CASE("convert has the same result with any memory and says what it did") {
  const TemporaryFolder folder;
  write_both(folder);
  const Outcome outcome = run(folder, {"convert", "r.csv", "-o", "small", "--memory-limit", "100", "--json"});
  CHECK(outcome.code == 0);
  CHECK((read_bytes(folder / "small") == read_bytes(folder / "r.odr")));
  check_has(outcome.err, {"r.csv: ", "wrote ", " 30 users, 20 items"});
  const Json json = Json::parse(outcome.out);
  CHECK(json["ratings"] == lines_of(small_ratings()).size());
  CHECK(json["merged"] == 0);
  CHECK(files_in(folder) == Words{"r.csv", "r.odr", "small"});

  write_bytes(folder / "twice.csv", small_ratings() + small_ratings());
  const Outcome refused = run(folder, {"convert", "twice.csv", "-o", "twice"});
  CHECK(refused.code == 1);
  check_has(refused.err, {"twice.csv:", "found a second rating of item", "--duplicates"});
  CHECK(run(folder, {"convert", "twice.csv", "-o", "twice", "--duplicates", "mean"}).code == 0);
  CHECK((read_bytes(folder / "twice") == read_bytes(folder / "r.odr")));
  CHECK(run(folder, {"convert", "-", "-o", "piped", "-q"}, {.input = small_ratings()}).code == 0);
  CHECK((read_bytes(folder / "piped") == read_bytes(folder / "r.odr")));
}

TEST_CASE("every command takes .odr for ratings") {
  const TemporaryFolder folder;
  write_both(folder);
  const auto json = [&](const Words& words) {
    const Outcome outcome = run(folder, with(words, {"--json", "-q"}));
    CHECK(outcome.err == "");
    REQUIRE(outcome.code == 0);
    return Json::parse(outcome.out);
  };
  json({"train", "r.csv", "-t", "5", "-o", "m"});

  const Json from_text = json({"evaluate", "m", "r.csv"});
  for (const Words& more : {Words{}, Words{"--memory-limit", "10"}}) {
    const Json from_odr = json(with({"evaluate", "m", "r.odr"}, more));
    CHECK(from_odr["rmse"].get<double>() == doctest::Approx(from_text["rmse"].get<double>()).epsilon(1e-9));
    CHECK(from_odr["mae"].get<double>() == doctest::Approx(from_text["mae"].get<double>()).epsilon(1e-9));
    CHECK(from_odr["ratings"] == from_text["ratings"]);
    CHECK(from_odr["unknown_users"] == 0);
  }
  // Ids of which the model knows only some, in another order.
  write_bytes(folder / "other.csv", "nobody,1,3\n" + lines_of(small_ratings())[200] + "\nnobody,nothing,2\n");
  REQUIRE(run(folder, {"convert", "other.csv", "-o", "other.odr", "-q"}).code == 0);
  const Json other_text = json({"evaluate", "m", "other.csv"});
  const Json other_odr = json({"evaluate", "m", "other.odr"});
  CHECK(other_odr["unknown_users"] == 2);
  CHECK(other_odr["unknown_items"] == other_text["unknown_items"]);
  CHECK(other_odr["rmse"].get<double>() == doctest::Approx(other_text["rmse"].get<double>()).epsilon(1e-9));

  Json text_info = json({"info", "r.csv"});
  Json odr_info = json({"info", "r.odr"});
  CHECK(odr_info["file_bytes"] == std::filesystem::file_size(folder / "r.odr"));
  CHECK(odr_info["values"] == "codes");
  for (const auto& [name, value] : text_info.items()) {
    CAPTURE(name);
    if (value.is_number_float()) {
      CHECK(odr_info[name].get<double>() == doctest::Approx(value.get<double>()).epsilon(1e-12));
    } else {
      CHECK(odr_info[name] == value);
    }
  }

  const Json split = json({"split", "r.odr", "--train", "a", "--test", "b"});
  CHECK(split["train"].get<int>() + split["test"].get<int>() == from_text["ratings"].get<int>());
  Words all = lines_of(read_bytes(folder / "a") + read_bytes(folder / "b"));
  Words expected = lines_of(small_ratings());
  std::ranges::sort(all);
  std::ranges::sort(expected);
  CHECK(all == expected);

  const Outcome predicted = run(folder, {"predict", "m", "r.odr", "-q"});
  CHECK(predicted.code == 0);
  CHECK(lines_of(predicted.out).size() == from_text["ratings"]);

  const Json held_out = json({"train", "r.odr", "--holdout", "0.2", "-t", "3"});
  CHECK(held_out["valid_ratings"].get<double>() ==
        doctest::Approx(0.2 * from_text["ratings"].get<double>()).epsilon(0.1));
  const Json valid = json({"train", "r.csv", "--valid", "r.odr", "-t", "3"});
  CHECK(valid["valid_rmse"].get<double>() == doctest::Approx(valid["train_rmse"].get<double>()).epsilon(1e-9));
  write_rated_features(folder, 30);
  CHECK(json({"train", "r.odr", "--method", "mlp", "--users", "users.csv", "--items", "items.csv", "-t",
              "2"})["users"] == 30);
}

TEST_CASE("a damaged file is exit code 1, a message that names it, and no model") {
  const TemporaryFolder folder;
  write_both(folder);
  const std::string bytes = read_bytes(folder / "r.odr");
  odr::Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::vector<std::size_t> places{0, 9, 13, 100, 3000, sizeof header - 1, bytes.size() - 1};
  for (const odr::Extent& section : header.sections) {
    places.push_back(section.begin);
    places.push_back(section.end() - 1);
    places.push_back(section.end());  // where the next section is aligned
  }
  const auto check_refused = [&](const std::string& damaged) {
    write_bytes(folder / "bad.odr", damaged);
    for (const Words& options : {Words{"-t", "1"}, Words{"--method", "blocks", "-t", "0"},
                                 Words{"-t", "1", "--memory-limit", "1"}, Words{"-t", "1", "--holdout", "0.1"}}) {
      const Outcome outcome = run(folder, with({"train", "bad.odr", "-o", "m"}, options));
      CHECK(outcome.code == 1);
      CHECK(outcome.out == "");
      check_has(outcome.err, {"odot: bad.odr"});
      CHECK(files_in(folder) == Words{"bad.odr", "r.csv", "r.odr"});
    }
  };
  for (const std::size_t place : places) {
    if (place >= bytes.size()) continue;
    CAPTURE(place);
    std::string damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ 4);
    check_refused(damaged);
  }
  check_refused(bytes.substr(0, bytes.size() - 1));
  check_refused(bytes.substr(0, 5000));
  check_refused(bytes.substr(0, 50));
  check_refused(bytes + "x");
}

TEST_CASE("a conversion that a signal ends leaves nothing") {
  const TemporaryFolder folder;
  const auto begun = [&] { return !files_in(folder).empty(); };
  const Outcome outcome =
      run(folder, {"convert", "-", "-o", "new"},
          {.input = small_ratings(), .keep_input_open = true, .ready = begun, .signals = {SIGTERM}});
  CHECK(outcome.signal == SIGTERM);
  CHECK(files_in(folder).empty());
}

TEST_CASE("what cannot be done with .odr files is said") {
  const TemporaryFolder folder;
  write_both(folder);
  const auto refused = [&](const Words& words, int code, const Words& parts) {
    const Outcome outcome = run(folder, words);
    CHECK(outcome.code == code);
    check_has(outcome.err, parts);
    CHECK(files_in(folder) == Words{"r.csv", "r.odr"});
  };
  refused({"train", "r.odr", "r.csv"}, 1, {"r.odr", "the only one"});
  refused({"convert", "r.odr", "-o", "new"}, 1, {"r.odr", "found an .odr file"});
  refused({"convert", "r.csv"}, 2, {"-o FILE is missing"});
  refused({"convert", "r.csv", "-o", "-"}, 2, {"-o must be a file"});
  refused({"convert", "r.csv", "-o", "r.csv"}, 2, {"would overwrite"});
  refused({"convert", "r.csv", "-o", "nowhere/new"}, 1, {"nowhere/new", "No such file"});
  refused({"convert", "r.csv", "-o", "/dev/null"}, 1, {"/dev/null", "regular file"});
  refused({"convert", "missing", "-o", "new"}, 1, {"missing", "no such file"});
  for (const std::string size : {"much", "0", "-1G", "2X", "G", "1e30"}) {
    refused({"train", "r.odr", "--memory-limit=" + size}, 2, {"--memory-limit is '" + size + "'"});
  }
  refused({"synth", "-o", "new.odr", "--separator", "tab"}, 2, {"--separator"});
}

TEST_CASE("synthetic ratings are the same as text and as .odr") {
  const TemporaryFolder folder;
  const Words size{"synth", "--users", "700", "--items", "90", "--ratings", "20000", "--seed", "3", "-q"};
  for (const Words& shape : {Words{}, Words{"--round", "0"}}) {
    const Words words = with(size, shape);
    std::set<std::string> files;
    for (const std::string threads : {"1", "2", "3"}) {
      REQUIRE(run(folder, with(words, {"-o", "s.odr", "--threads", threads, "--memory-limit", threads + "0K"})).code ==
              0);
      files.insert(read_bytes(folder / "s.odr"));
    }
    CHECK(files.size() == 1);
    REQUIRE(run(folder, with(words, {"-o", "s.csv"})).code == 0);
    const RatingList from_odr = read_odr(folder / "s.odr");
    CHECK(from_odr.users.size() == 700);
    CHECK(from_odr.items.size() == 90);
    // Both are sorted by user, then item.
    const auto expected = testing::rows(read_ratings({folder / "s.csv"}).list);
    REQUIRE(expected.size() == 20000);
    CHECK((testing::rows(from_odr) == expected));
  }
  const Outcome odr = run(folder, with(size, {"-o", "s.odr", "--json"}));
  const Outcome text = run(folder, with(size, {"-o", "s.csv", "--json"}));
  const Json a = Json::parse(odr.out), b = Json::parse(text.out);
  CHECK(a["noise_rmse"] == b["noise_rmse"]);
  for (const char* name : {"mean", "deviation"}) {
    CHECK(a[name].get<double>() == doctest::Approx(b[name].get<double>()).epsilon(1e-12));
  }
}

}  // namespace
}  // namespace odot::test
