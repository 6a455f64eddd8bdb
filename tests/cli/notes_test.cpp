// What a run says of itself that its user may not have looked for, and what it does not make up.
#include <algorithm>
#include <csignal>
#include <limits>

#include "effects.hpp"

namespace odot::test {
namespace {

struct Prepared : Session {
  Prepared() { write_bytes(folder / "r", small_ratings()); }
  Outcome ran(const std::string& words) const { return done(words_of(words)); }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("a held-out error that has risen is told, with what keeps the best") {
  const Prepared prepared;
  const std::string overfit = "train r --method blocks --rank 8 --lambda 0 -t 64 --tolerance 0 --holdout 0.3";
  check_has(prepared.ran(overfit).err, {"the held-out RMSE was ", " sweeps and has risen to ", "--early-stop N"});
  check_has(prepared.ran(overfit + " --trace trace").err, {"has risen to "});
  CHECK(!has(prepared.ran(overfit + " --early-stop 3").err, "has risen"));
  CHECK(prepared.ran(overfit + " -q").err.empty());
  prepared.ran("synth -o s -q --users 200 --items 100 --ratings 6000");
  CHECK(!has(prepared.ran("train s --holdout 0.3").err, "has risen"));
  CHECK(!has(prepared.ran("train r --method blocks --rank 8 --lambda 0 -t 64").err, "has risen"));
}

TEST_CASE("ratings that are all equal are told, with what that means") {
  const Prepared prepared;
  std::string ones;
  for (int k = 0; k < 60; ++k) ones += std::to_string(k % 12) + "," + std::to_string(k / 6) + ",1\n";
  write_bytes(prepared.folder / "ones", ones);
  prepared.ran("convert ones -o ones.odr -q");
  for (const std::string command :
       {"train ones -t 1", "train ones.odr -t 1", "cv ones --folds 2 -t 1", "tune ones --rank 2,3 --trials 1 -t 1"}) {
    CAPTURE(command);
    check_has(prepared.ran(command).err, {"all 60 ratings are 1: a model can learn from them only to predict 1"});
    CHECK(!has(prepared.ran(command + " -q").err, "ratings are 1"));
  }
  CHECK(!has(prepared.ran("train r -t 1").err, "a model can learn"));
}

TEST_CASE("no objective is told before it is known") {
  const Prepared prepared;
  for (const std::string method : {"variational", "gibbs"}) {
    CAPTURE(method);
    const std::string words = "train r --rank 2 --trace trace -q --method " + method;
    CHECK(Json::parse(prepared.ran(words + " -t 0 --json").out)["objective"].is_null());
    CHECK(has(prepared.ran(words + " -t 0").out, "objective       not known before the first"));
    CHECK(Json::parse(prepared.ran(words + " -t 2 --json").out)["objective"].is_number());
    const Words lines = lines_of(read_bytes(prepared.folder / "trace"));
    CHECK(Json::parse(lines.at(0))["objective"].is_null());
    CHECK(Json::parse(lines.at(1))["objective"].is_number());
  }
  for (const std::string method : {"blocks", "nnmf", "full"}) {
    CAPTURE(method);
    CHECK(Json::parse(prepared.ran("train r -q -t 0 --json --method " + method).out)["objective"].is_number());
  }
  // The start is the best iterate of a checkpoint, and stays it.
  const std::string early = "train r --holdout 0.3 --rank 2 --early-stop 1 -q --json --checkpoint c";
  const Json begun = Json::parse(prepared.ran(early + " -t 0").out);
  CHECK(begun["objective"].is_null());
  CHECK(Json::parse(prepared.ran(early + " -t 0 --resume c").out)["objective"].is_null());
}

TEST_CASE("an interrupt before the first iteration leaves no model") {
  const TemporaryFolder folder;
  REQUIRE(run(folder, {"synth", "-o", "r", "--users", "20000", "--items", "3000", "--ratings", "1500000", "-q"}).code ==
          0);
  const std::string said = folder / "said";
  const auto ready = [&] { return read_bytes(said).find("\nread ") != std::string::npos; };
  for (const std::string method : {"variational", "gibbs"}) {
    CAPTURE(method);
    const Outcome outcome = run(folder, {"train", "r", "-o", "m", "--method", method, "--threads", "1"},
                                {.err_file = said, .ready = ready, .signals = {SIGINT}});
    const std::string text = read_bytes(said);
    CAPTURE(text);
    // A signal that comes just before training begins ends the program by itself.
    CHECK((outcome.signal == SIGINT || outcome.code == 130));
    if (outcome.code == 130) CHECK(has(text, "interrupted before the first iteration; no model is written"));
    CHECK(outcome.out == "");
    CHECK(files_in(folder) == Words{"r", "said"});
  }
}

}  // namespace
}  // namespace odot::test
