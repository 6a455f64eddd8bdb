// Every option of odot train has its effect, on the command line and in a config file.
#include "effects.hpp"

namespace odot::test {
namespace {

// The runs of train that show what an option of the method changes.
Effect of_train(Effect effect) {
  effect.base = "r.csv " + effect.base + " -q";
  if (effect.where == "figures") {
    effect.base += " --holdout 0.3 --json";
    effect.where = "out:valid_rmse";
  } else if (effect.where == "stopping") {
    effect.base += " --holdout 0.3 -o m";
    effect.where = "model";
  } else if (effect.where == "report") {
    effect.base += " --json";
    effect.where = "out";
  } else {
    effect.base += " -o m";
    if (effect.where != "fails") effect.where = "model";
  }
  return effect;
}

const std::vector<Effect> kRun{
    {"output", "r.csv -t 2 -q", "--output m", "m"},
    {"valid", "r.csv -t 2 -q --json", "--valid half.csv", "out:valid_ratings"},
    {"valid", "r.csv -t 2 -q --json", "--valid half.csv", "out:valid_rmse"},
    {"holdout", "r.csv -t 2 -q -o m", "--holdout 0.3", "model"},
    {"trace", "r.csv -t 2 -q", "--trace t", "t"},
    {"json", "r.csv -t 2 -q", "--json", "out"},
    {"config", "r.csv -t 2 -q -o m", "--config rank_3", "model"},
    {"dump-config", "r.csv -t 2 -q", "--dump-config", "out"},
    {"keep-diverged", "r.csv -o m --method full --optimizer gd --line-search constant --step 1e6", "--keep-diverged",
     "m", "", 1},
    {"init-model", "r.csv -q -o m -t 2 --rank 4", "--init-model start", "model"},
    {"checkpoint", "r.csv -t 2 -q", "--checkpoint c", "c"},
    {"checkpoint-every", "r.csv -t 2 -q --checkpoint c", "--checkpoint-every x", "refused"},
    {"resume", "r.csv -t 3 --rank 4 -q --trace t", "--resume earlier", "t"},
    {"resume", "r.csv -t 3 --rank 3 -q", "--resume earlier", "fails"},
    {"quiet", "r.csv -t 2", "--quiet", "err"},
    {"help", "r.csv -t 2 -q", "--help", "out"},
};

TEST_CASE("every option of train decides the model or what is written beside it") {
  Lab lab;
  lab.prepare({"train", "r.csv", "-q", "--rank", "4", "-t", "2", "--seed", "7", "-o", "start"});
  lab.prepare({"train", "r.csv", "-q", "--rank", "4", "-t", "2", "--checkpoint", "earlier"});
  std::vector<Effect> effects = reading_effects("-q -t 3 --rank 2 -o m", "model");
  effects.insert(effects.end(), kRun.begin(), kRun.end());
  for (const Effect& effect : method_effects()) effects.push_back(of_train(effect));
  // In threads_test.
  lab.check_all("train", effects, {"memory-limit", "threads"});
}

TEST_CASE("a config file of train says the same as the command line, for every option") {
  Lab lab;
  for (const Effect& effect : method_effects()) {
    if (effect.base.find("--config") == std::string::npos && effect.where != "fails") {
      lab.check_in_config("train", of_train(effect));
    }
  }
}

}  // namespace
}  // namespace odot::test
