// Every option of odot cv and odot tune has its effect; those of train change the figures that both measure.
#include "effects.hpp"

namespace odot::test {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Those of method_effects() that searches have, too: they report nothing.
std::vector<Effect> shared_effects() {
  std::vector<Effect> effects = method_effects();
  std::erase_if(effects, [](const Effect& effect) { return effect.where == "report"; });
  return effects;
}

Effect of_cv(Effect effect) {
  effect.base = "r.csv " + effect.base + " --folds 2 -q --json";
  if (effect.where != "fails") effect.where = "out:rmse";
  return effect;
}

Effect of_tune(Effect effect) {
  // A space has to be searched: of something that every method has and that the row is not about.
  const bool clip = has(effect.option, "clip") || has(effect.base, "clip");
  std::string space = clip ? "--early-stop 0,1000" : "--clip on,off";
  if (clip && has(effect.base, "early-stop")) space = "--epsilon 1e-8,1e-7";
  effect.base = "r.csv " + effect.base + " --trials 2 --no-halving -q --log l " + space;
  if (effect.where == "clock") {
    effect.where = "refused";
  } else if (effect.where != "fails") {
    effect.where = "l:rmse";
  }
  return effect;
}

TEST_CASE("every option of cv decides its figures or what it prints") {
  Lab lab;
  std::vector<Effect> effects = reading_effects("-q -t 3 --rank 2 --folds 2 --json", "out:rmse");
  const std::vector<Effect> own{
      {"folds", "r.csv -t 2 -q --json", "--folds 3", "out:rmse"},
      {"json", "r.csv -t 2 -q", "--json", "out"},
      {"config", "r.csv -t 2 -q", "--config rank_3", "out"},
      {"quiet", "r.csv -t 2", "--quiet", "err"},
      {"help", "r.csv -t 2 -q", "--help", "out"},
  };
  effects.insert(effects.end(), own.begin(), own.end());
  for (const Effect& effect : shared_effects()) effects.push_back(of_cv(effect));
  lab.check_all("cv", effects, {"threads"});
}

TEST_CASE("every option of tune decides the figures of its trainings or what it prints") {
  Lab lab;
  const std::string search = "r.csv -t 4 --rank 1,2,3,4,5,6,7,8 --log l ";
  const std::string few = search + "--trials 4 -q ";
  lab.prepare(words_of("tune r.csv -t 4 --rank 1,2,3,4,5,6,7,8 --trials 4 -q --log earlier"));
  std::vector<Effect> effects = reading_effects("-q -t 3 --rank 1,2 --trials 2 --folds 2 --log l", "l:rmse");
  const std::vector<Effect> own{
      {"trials", search + "-q", "--trials 2", "l:rmse"},
      {"duration", search + "-q", "--duration 1e-9s", "fails"},
      {"sampler", few, "--sampler random", "l:rmse"},
      {"no-halving", few, "--no-halving", "l:rmse"},
      {"metric", "r.csv --lambda 0.01..9:log -q --json", "--metric mae", "out:point"},
      {"holdout", few, "--holdout 0.3", "l:rmse"},
      {"valid", few, "--valid half.csv", "l:rmse"},
      {"folds", few, "--folds 2", "l:rmse"},
      {"config", "r.csv --clip on,off -q --trials 2 --log l", "--config rank_3", "l:rmse"},
      {"output", few, "--output m", "m"},
      {"log", "r.csv -t 4 --rank 1,2,3,4,5,6,7,8 --trials 4 -q", "--log other", "other"},
      {"resume", "r.csv -t 4 --rank 1,2,3,4,5,6,7,8 --trials 4 -q --log earlier", "--resume", "works"},
      {"json", few, "--json", "out"},
      {"quiet", search + "--trials 4", "--quiet", "err"},
      {"help", few, "--help", "out"},
  };
  effects.insert(effects.end(), own.begin(), own.end());
  for (const Effect& effect : shared_effects()) effects.push_back(of_tune(effect));
  lab.check_all("tune", effects, {"threads"});
}

TEST_CASE("options that train has and cv or tune has not are refused there") {
  Lab lab;
  for (const std::string command : {"cv", "tune"}) {
    const auto known = options_of(command);
    int refused = 0;
    for (const auto& [option, letter] : options_of("train")) {
      if (known.contains(option)) continue;
      lab.session.refused(2, {command, "r.csv", "--" + option}, {"unknown option --" + option});
      ++refused;
    }
    CHECK(refused > 0);
  }
}

}  // namespace
}  // namespace odot::test
