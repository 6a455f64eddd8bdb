// Rows that are cut into pieces: a user and an item with so many ratings that no chunk of work holds them. Their
// pieces' sums must not depend on the number of threads.
#include <fmt/format.h>

#include "runs.hpp"

namespace odot::test {
namespace {

// More than three times 4096 ratings, of which a chunk of work has one such share.
constexpr int kLong = 13000;

struct LongRows : Session {
  LongRows() {
    std::string text;
    std::string users = "id,age,group\n";
    std::string items = "id,year,kind\n";
    const auto rate = [&](int user, int item) {
      text += fmt::format("{},{},{}\n", user, item, 1 + (user * 31 + item * 17 + user % 7 * (item % 5)) % 9 * 0.5);
    };
    for (int k = 1; k <= kLong; ++k) {
      rate(k, 1);
      if (k > 1) rate(1, k);
      if (k > 1) rate(k, 1 + (k * 7 + 3) % (kLong - 1) + (k % 3 == 0));
      users += fmt::format("{},{},{}\n", k, 18 + k % 60, k % 3 ? "a" : "b");
      items += fmt::format("{},{},{}\n", k, 1950 + k % 70, k % 4 ? "film" : "book|film");
    }
    write_bytes(folder / "r.csv", text);
    write_bytes(folder / "users.csv", users);
    write_bytes(folder / "items.csv", items);
    std::string new_ratings;
    for (int k = 1; k <= kLong; ++k) new_ratings += fmt::format("new,{},{}\n", k, 1 + k % 5);
    for (int k = 1; k <= 9; ++k) new_ratings += fmt::format("newer,{},{}\n", k, 1 + k % 5);
    write_bytes(folder / "new.csv", new_ratings);
  }

  // What a command prints and writes to `out`, less what the clock decides.
  std::string result(const Words& words, const std::string& threads) const {
    std::filesystem::remove(folder / "out");
    const Outcome outcome = done(with(words, {"--quiet", "--threads", threads}));
    std::string printed = outcome.out;
    if (printed.starts_with('{') && lines_of(printed).front() == "{") {
      Json json = Json::parse(printed);
      for (const char* key : {"seconds", "peak_memory_bytes", "threads"}) json.erase(key);
      printed = json.dump();
    }
    return printed + "\n" + (std::filesystem::exists(folder / "out") ? read_bytes(folder / "out") : "");
  }

  void check_same(const Words& words, std::size_t least) const {
    CAPTURE(words);
    const std::string expected = result(words, "1");
    CHECK(expected.size() > least);
    for (const std::string threads : {"2", "3"}) {
      CAPTURE(threads);
      CHECK((result(words, threads) == expected));
    }
  }
};

TEST_CASE("the same bits on any number of threads where a user and an item have more ratings than a chunk of work") {
  const LongRows data;
  const Words train{"train", "r.csv", "--holdout", "0.05", "--json", "-o", "out", "-k", "5", "-t", "2"};
  constexpr std::size_t kModel = 2 * kLong * 5 * 4;
  data.check_same(train, kModel);
  data.check_same(with(train, {"--lambda", "0", "--block-rows", "13000"}), kModel);
  data.check_same(with(train, {"--method", "blocks", "--optimizer", "lbfgs"}), kModel);
  data.check_same(with(train, {"--method", "blocks", "--optimizer", "adam", "--line-search", "armijo"}), kModel);
  data.check_same(with(train, {"--method", "full"}), kModel);
  data.check_same(with(train, {"--optimizer", "lbfgs", "--line-search", "strong-wolfe"}), kModel);
  data.check_same(with(train, {"--method", "nnmf", "--no-unobserved"}), kModel);
  data.check_same(with(train, {"--method", "variational"}), kModel);
  data.check_same(with(train, {"--method", "variational", "--svdpp", "both"}), kModel);
  data.check_same(with(train, {"--method", "gibbs", "--svdpp", "both", "--burn-in", "1", "--keep", "1"}), kModel);
  for (const char* batch : {"0", "8192"}) {
    data.check_same({"train", "r.csv", "--json", "-o", "out", "-t", "1", "--method", "mlp", "--users", "users.csv",
                     "--items", "items.csv", "--layers", "6,4", "--batch-size", batch},
                    kLong);
  }

  data.done({"train", "r.csv", "-q", "-k", "5", "-t", "2", "-o", "m"});
  data.check_same({"fold-in", "m", "new.csv", "-o", "out"}, kModel);
  data.check_same({"evaluate", "m", "r.csv", "--json"}, 20);
  data.check_same({"predict", "m", "r.csv"}, 3 * kLong);
  data.check_same({"recommend", "m", "--user", "1", "--user", "3", "--exclude", "r.csv", "--top", "100"}, 100);
  data.check_same({"similar", "m", "--item", "1", "--top", "100"}, 100);
  data.done({"train", "r.csv", "-q", "-k", "5", "-t", "2", "-o", "m", "--method", "nnmf", "--no-unobserved"});
  data.check_same({"fold-in", "m", "new.csv", "-o", "out"}, kModel);
  data.done({"train", "r.csv", "-q", "-k", "5", "-t", "2", "-o", "m", "--method", "variational", "--svdpp", "both"});
  data.check_same({"fold-in", "m", "new.csv", "-o", "out"}, kModel);
  data.check_same({"predict", "m", "r.csv", "--sd", "--interval", "0.9"}, 3 * kLong);
  data.check_same({"evaluate", "m", "r.csv", "--json"}, 20);
  data.check_same({"convert", "r.csv", "-o", "out"}, 10 * 3 * kLong);
  data.check_same({"split", "r.csv", "--train", "out", "--test", "other"}, 3 * kLong);
}

}  // namespace
}  // namespace odot::test
