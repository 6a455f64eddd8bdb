// Defaults of the commands that do not train, and of how train, cv and tune are run: what --help says, and that a run
// to which they are given is the run without them.
#include "effects.hpp"

namespace odot::test {
namespace {

// A command, what its help says, words of a run, the default with its option, and what must stay, as in Effect.
struct Default {
  std::string command;
  std::string says;
  std::string base;
  std::string given;
  std::string where;
};

TEST_CASE("what --help says is the default is what a run does without it") {
  Lab lab;
  lab.prepare(words_of("train r.csv -q -t 9 --rank 4 --lambda 0.2 -o model"));
  lab.prepare(words_of("train r.csv -q -t 9 --rank 4 --lambda 0 --tolerance 0 --no-clip -o loose"));
  lab.write("titles", "3,Third,Drei\n5,Fifth,Fünf\n");
  lab.write("new.csv", "40,1,5\n40,2,1\n40,3,4\n41,3,2\n41,9,5\n");
  const std::string search = "r.csv --rank 1,2,3,4,5,6,7,8 --lambda 1..9 -t 4 -q --log l";
  const std::vector<Default> all{
      {"train", "(default 60s)", "r.csv -t 2 -q --checkpoint c -o m", "--checkpoint-every 60s", "m"},
      {"cv", "2 to 1000 (default 5)", "r.csv -t 2 -q --json", "--folds 5", "out"},
      {"tune", "(default 100; with --duration no limit)", search, "--trials 100", "l"},
      {"tune", "(default sobol)", search, "--sampler sobol", "l"},
      {"tune", "(default rmse)", search, "--metric rmse", "l"},
      {"tune", "measure on it (default 0.1)", search, "--holdout 0.1", "l"},
      {"evaluate", "(default: as the model was trained)", "model r.csv --json", "--clip", "out"},
      {"evaluate", "(default: as the model was trained)", "loose r.csv --json", "--no-clip", "out"},
      {"evaluate", "(default: all of them)", "model r.csv --top 3 --json", "--relevant 1", "out:hit_rate"},
      {"predict", "(default -, standard output)", "model r.csv", "--output -", "out"},
      {"predict", "(default: as the model was trained)", "model r.csv", "--clip", "out"},
      {"predict", "(default: as the model was trained)", "loose r.csv", "--no-clip", "out"},
      {"recommend", "(default 10)", "model", "--top 10", "out"},
      {"recommend", "default text)", "model", "--format text", "out"},
      {"recommend", "(default -, standard output)", "model", "--output -", "out"},
      {"recommend", "(default 1,2)", "model --items titles", "--titles 1,2", "out"},
      {"similar", "(default 10)", "model --item 3", "--top 10", "out"},
      {"similar", "(default cosine)", "model --item 3", "--metric cosine", "out"},
      {"similar", "default text)", "model --item 3", "--format text", "out"},
      {"similar", "(default -, standard output)", "model --item 3", "--output -", "out"},
      {"similar", "(default 1,2)", "model --item 3 --items titles", "--titles 1,2", "out"},
      {"fold-in", "(default: as the model was trained", "model new.csv -o m", "--lambda 0.2", "m"},
      {"fold-in", "default text)", "model new.csv --top 2", "--format text", "out"},
      {"split", "above 0 and below 1 (default 0.1)", "r.csv --train a --test b", "--fraction 0.1", "a"},
      {"split", "the same split (default 1)", "r.csv --train a --test b", "--seed 1", "a"},
      {"synth", "users (default 1000)", "-o o", "--users 1000", "o"},
      {"synth", "items (default 500)", "-o o", "--items 500", "o"},
      {"synth", "pairs (default 50000)", "-o o", "--ratings 50000", "o"},
      {"synth", "0: none (default 8)", "-o o", "--rank 8", "o"},
      {"synth", "clipping (default 3.5)", "-o o", "--mean 3.5", "o"},
      {"synth", "biases (default 0.4)", "-o o", "--bias 0.4", "o"},
      {"synth", "u·v (default 0.5)", "-o o", "--factor 0.5", "o"},
      {"synth", "noise (default 0.7)", "-o o", "--noise 0.7", "o"},
      {"synth", "do not (default 0.5)", "-o o", "--round 0.5", "o"},
      {"synth", "lowest rating (default 0.5)", "-o o", "--lowest 0.5", "o"},
      {"synth", "highest rating (default 5)", "-o o", "--highest 5", "o"},
      {"synth", "same ratings (default 1)", "-o o", "--seed 1", "o"},
      {"synth", "(default comma)", "-o o", "--separator comma", "o"},
  };
  for (const Default& one : all) {
    std::string help;
    for (const std::string& word : words_of(lab.session.done({one.command, "--help"}).out)) help += word + " ";
    check_has(help, {one.says});
    lab.check(one.command, {one.command, one.base, one.given, "=" + one.where});
  }
}

}  // namespace
}  // namespace odot::test
