// What is said where users write what other programs, or other options of this one, understand.
#include "program.hpp"

namespace odot::test {
namespace {

struct Prepared : Session {
  Prepared() {
    write_bytes(folder / "r", small_ratings());
    done({"train", "r", "-o", "m", "-q", "--rank", "2"});
  }
};

TEST_CASE("options of other programs are answered with the name that they have here") {
  const Prepared prepared;
  const Words train{"train", "r"};
  const std::vector<std::tuple<Words, std::string, std::string>> cases{
      {train, "--epochs", "--iterations"},
      {train, "--n_epochs", "--iterations"},
      {train, "--factors", "--rank"},
      {train, "--n-factors", "--rank"},
      {train, "--k", "--rank"},
      {train, "--reg", "--lambda"},
      {train, "--reg_all", "--lambda"},
      {train, "--regularization", "--lambda"},
      {train, "--lr", "--step"},
      {train, "--learning-rate", "--step"},
      {train, "--n-jobs", "--threads"},
      {train, "--random_state", "--seed"},
      {train, "--timeout", "--time-limit"},
      {train, "--patience", "--early-stop"},
      {train, "--sep", "--separator"},
      {train, "--output-model", "--output"},
      {train, "--Rank", "--rank"},
      {train, "--lambda_per_rating", "--lambda-per-rating"},
      {{"cv", "r"}, "--cv", "--folds"},
      {{"tune", "r", "--rank", "2,3"}, "--timeout", "--duration"},
      {{"recommend", "m"}, "--k", "--top"},
      {{"recommend", "m"}, "--limit", "--top"},
      {{"split", "r", "--train", "a", "--test", "b"}, "--test-size", "--fraction"},
      {{"fold-in", "m", "r", "-o", "o"}, "--reg", "--lambda"}};
  for (const auto& [command, theirs, ours] : cases) {
    Words words = command;
    words.insert(words.end(), {theirs, "5"});
    prepared.refused(2, words, {"unknown option " + theirs + "; did you mean " + ours + "?"});
  }
  write_bytes(prepared.folder / "config", "factors = 3\n");
  prepared.refused(2, {"train", "r", "--config", "config"}, {"unknown option factors; did you mean rank?"});
}

TEST_CASE("times have units wherever one is given") {
  const Prepared prepared;
  for (const std::string time : {"3000", "90s", "5m", "1.5h", "2d"}) {
    CAPTURE(time);
    CHECK(run(prepared.folder, {"train", "r", "-q", "-t", "1", "--time-limit", time}).code == 0);
    CHECK(run(prepared.folder, {"tune", "r", "-q", "--rank", "2,3", "--trials", "1", "-t", "1", "--duration", time})
              .code == 0);
    const std::string every = time == "3000" ? "3000s" : time;
    const Words checkpointed{"train", "r", "-q", "-t", "1", "--checkpoint", "c", "--checkpoint-every", every};
    CHECK(run(prepared.folder, checkpointed).code == 0);
  }
  for (const std::string wrong : {"10x", "s", "5 m", "-1s", "1h30m", ""}) {
    prepared.refused(2, {"train", "r", "--time-limit", wrong}, {"--time-limit is '" + wrong + "'", "90s, 5m or 1h"});
    prepared.refused(2, {"tune", "r", "--rank", "2,3", "--duration", wrong}, {"--duration is '" + wrong + "'"});
    prepared.refused(2, {"train", "r", "--checkpoint", "c", "--checkpoint-every", wrong}, {"--checkpoint-every is '"});
  }
  prepared.done({"train", "r", "-q", "-t", "1", "--time-limit", "5m", "-o", "timed"});
  const Json info = Json::parse(prepared.done({"info", "timed", "--json"}).out);
  CHECK(info["settings"]["time-limit"] == 300);
}

TEST_CASE("ids in the place of files are told where ids belong") {
  const Prepared prepared;
  prepared.refused(2, {"predict", "m", "42", "260"},
                   {"neither a file 42 nor a file 260", "echo '42,260' | odot predict m -"});
  prepared.refused(1, {"predict", "m", "pairs"}, {"pairs: found no such file"});
  prepared.refused(2, {"recommend", "m", "42"}, {"unexpected argument '42'", "to name one: --user 42"});
  prepared.refused(2, {"similar", "m", "3"}, {"unexpected argument '3'", "to name one: --user 3 or --item 3"});
  CHECK(prepared.done({"predict", "m", "-", "-q"}, {.input = "1,1\n"}).out.starts_with("1,1,"));
}

TEST_CASE("a search in which nothing could be measured says what became of its trainings") {
  const Prepared prepared;
  const Words steps{"--optimizer", "gd", "--line-search", "constant", "--step", "1e9,1e10", "--trials", "3", "-q"};
  Words words{"tune", "r"};
  words.insert(words.end(), steps.begin(), steps.end());
  prepared.refused(1, words, {"odot: all 3 trainings diverged", "smaller values of --step"});
}

TEST_CASE("what is quoted of names and values of megabytes is their beginning") {
  const Prepared prepared;
  const std::string much(1'500'000, 'x');
  write_bytes(prepared.folder / "name", much + " = 1\n");
  write_bytes(prepared.folder / "value", "rank = " + much + "\n");
  write_bytes(prepared.folder / "line", much + "\n");
  const std::string some(100'000, 'x');
  for (const Words& words : {Words{"train", "r", "--config", "name"}, Words{"train", "r", "--config", "value"},
                             Words{"train", "r", "--config", "line"}, Words{"train", "r", "--" + some, "1"},
                             Words{"train", "r", "--rank", some}, Words{some}}) {
    const Outcome outcome = run(prepared.folder, words);
    CHECK(outcome.code == 2);
    CHECK(outcome.err.size() < 2500);
    check_has(outcome.err, {"xxx", "\nTry `odot "});
  }
}

}  // namespace
}  // namespace odot::test
