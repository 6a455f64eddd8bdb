// odot train --dump-config: the options in effect as a file that --config reads, which gives the same run.
#include "program.hpp"

namespace odot::test {
namespace {

std::string trained(const TemporaryFolder& folder, const Words& options) {
  Words words{"train", "r.csv", "-q", "-o", "m"};
  words.insert(words.end(), options.begin(), options.end());
  const Outcome outcome = run(folder, words);
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  return read_bytes(folder / "m");
}

std::string dumped(const TemporaryFolder& folder, const Words& options) {
  Words words{"train", "--dump-config"};
  words.insert(words.end(), options.begin(), options.end());
  const Outcome outcome = run(folder, words);
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err == "");
  return outcome.out;
}

TEST_CASE("the run of a dumped config is the same to the last byte, whatever the method") {
  const TemporaryFolder folder;
  write_rated_features(folder, 30);
  for (const Words& options : std::vector<Words>{
           {},
           {"--rank", "3", "--holdout", "0.2", "--early-stop", "2", "--no-clip", "--seed", "7"},
           {"--lambda", "0.3", "--no-biases", "--no-center", "--block-rows", "7"},
           {"--lambda-per-rating", "0.02"},
           {"--method", "nnmf", "--iterations", "9", "--no-unobserved"},
           {"--method", "blocks", "--optimizer", "bfgs", "--inner-iterations", "2", "-t", "3"},
           {"--optimizer", "adam", "-t", "4", "--beta1", "0.8"},
           {"--optimizer", "lbfgs", "--line-search", "strong-wolfe", "-t", "4", "--valid", "r.csv"},
           {"--optimizer", "gd", "--line-search", "constant", "--step", "1e-4", "-t", "4"},
           {"--optimizer", "gd", "--line-search", "decreasing", "-t", "2", "--keep-diverged"},
           {"--separator", "comma", "--no-header", "--duplicates", "first"},
           {"--method", "mlp", "--users", "users.csv", "--items", "items.csv", "--layers", "3", "-t", "2"},
           {"--method", "mlp", "--users", "users.csv", "--items", "items.csv", "--layers", "none", "-t", "2",
            "--holdout", "0.3"}}) {
    CAPTURE(options);
    const std::string expected = trained(folder, options);
    write_bytes(folder / "c", dumped(folder, options));
    CHECK((trained(folder, {"--config", "c"}) == expected));
    // And says the same of itself.
    CHECK(dumped(folder, {"--config", "c"}) == read_bytes(folder / "c"));
  }
}

TEST_CASE("the file has the defaults of the method, and what was given") {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "rank = 5\nbiases = no\n");
  const std::string text = dumped(folder, {"--config", "a", "--optimizer", "lbfgs", "--trace", "some file"});
  check_has(text, {"\nmethod = full\n", "\nrank = 5\n", "\nbiases = no\n", "\nclip = yes\n", "\noptimizer = lbfgs\n",
                   "\nline-search = exact\n", "\nmemory = 5\n", "\ntrace = some file\n", "\n# lambda: from "});
  for (const std::string absent : {"config =", "output", "early-stop", "inner-iterations", "momentum"}) {
    CHECK(text.find(absent) == std::string::npos);
  }
  CHECK(dumped(folder, {"--lambda", "2"}).find("# lambda") == std::string::npos);
  CHECK(files_in(folder) == Words{"a"});
}

TEST_CASE("the command line wins over a file, also where it says the same thing in another way") {
  const TemporaryFolder folder;
  write_bytes(folder / "r.csv", small_ratings());
  write_bytes(folder / "c", "\xef\xbb\xbfholdout = 0.3\nrank = 2\n");  // with a byte-order mark
  const std::string expected = trained(folder, {"--valid", "r.csv", "--rank", "2"});
  CHECK((trained(folder, {"--config", "c", "--valid", "r.csv"}) == expected));
  const Outcome none = run(folder, {"train", "r.csv", "--holdout", "1e-7", "-q"});
  CHECK(none.code == 1);
  check_has(none.err, {"--holdout 1e-7 holds none of", "give a larger share"});
}

TEST_CASE("what such a file cannot hold, and options that are wrong, are refused") {
  const TemporaryFolder folder;
  const auto refused = [&](const Words& options, const Words& message) {
    Words words{"train", "--dump-config"};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome outcome = run(folder, words);
    CHECK(outcome.code == 2);
    CHECK(outcome.out == "");
    check_has(outcome.err, message);
  };
  refused({"--valid", "a #1"}, {"--valid is 'a #1', which a --config file cannot hold"});
  refused({"--trace", " a"}, {"--trace is ' a'", "no blanks at the edges"});
  refused({"--ranc", "3"}, {"did you mean --rank?"});
  refused({"--optimizer", "adma"}, {"unknown optimizer 'adma'"});
  refused({"--early-stop", "3"}, {"--early-stop needs ratings to measure on"});
  refused({"--columns", "1,2"}, {"--columns is '1,2'"});
  refused({"--duplicates", "both"}, {"--duplicates is 'both'"});
  refused({"--memory-limit", "much"}, {"--memory-limit"});
  refused({"--checkpoint", "c", "--checkpoint-every", "x"}, {"--checkpoint-every is 'x'"});
  write_bytes(folder / "c", "dump-config = yes\n");
  const Outcome outcome = run(folder, {"train", "r", "--config", "c"});
  CHECK(outcome.code == 2);
  check_has(outcome.err, {"c: unknown option", "dump-config"});
}

}  // namespace
}  // namespace odot::test
