// Defaults by value: what --dump-config prints, what --help says, what a model records, and that a run to which they
// are given is the run without them.
#include <algorithm>
#include <filesystem>

#include "effects.hpp"

namespace odot::test {
namespace {

using Settings = std::map<std::string, std::string>;

// Lines of a config file.
Settings settings_of(const std::string& text) {
  Settings settings;
  for (const std::string& line : lines_of(text)) {
    const std::size_t at = line.find(" = ");
    if (!line.starts_with("#") && at != std::string::npos) settings[line.substr(0, at)] = line.substr(at + 3);
  }
  return settings;
}

// The same on a command line.
std::string options_with(const Settings& settings) {
  std::string text;
  for (const auto& [name, value] : settings) {
    text += value == "yes" ? " --" + name : value == "no" ? " --no-" + name : " --" + name + " " + value;
  }
  return text;
}

Settings joined(Settings some, const Settings& others) {
  some.insert(others.begin(), others.end());
  return some;
}

const Settings kCommon{{"rank", "16"}, {"center", "yes"}, {"biases", "yes"}, {"clip", "yes"}, {"seed", "1"}};
const Settings kFull =
    joined(kCommon, {{"method", "full"}, {"iterations", "100"}, {"tolerance", "1e-05"}, {"gradient-tolerance", "0"}});
const Settings kRows = joined(kCommon, {{"method", "blocks"}, {"iterations", "50"}, {"tolerance", "0.0001"}});
const Settings kExact{{"line-search", "exact"}, {"max-trials", "100"}};
const Settings kConstant{{"line-search", "constant"}, {"step", "auto"}};
const Settings kLipschitz{{"line-search", "lipschitz"}, {"backtrack", "0.3"},     {"max-trials", "200"},
                          {"min-step", "1e-20"},        {"initial-step", "warm"}, {"growth", "1.5"}};
const Settings kArmijo{{"line-search", "armijo"}, {"c1", "0.0001"},         {"backtrack", "0.5"}, {"max-trials", "200"},
                       {"min-step", "1e-20"},     {"initial-step", "warm"}, {"growth", "2"}};
const Settings kWeakWolfe{{"line-search", "weak-wolfe"}, {"c1", "0.0001"},         {"c2", "0.9"},
                          {"max-trials", "200"},         {"initial-step", "warm"}, {"growth", "1"}};
const Settings kStrongWolfe{{"line-search", "strong-wolfe"},
                            {"c1", "0.0001"},
                            {"c2", "0.9"},
                            {"backtrack", "0.5"},
                            {"max-trials", "200"},
                            {"min-step", "1e-20"},
                            {"initial-step", "warm"},
                            {"growth", "2"}};
const Settings kAdam{{"optimizer", "adam"}, {"beta1", "0.9"}, {"beta2", "0.999"}, {"epsilon", "1e-08"}};

const std::map<std::string, Settings> kOptimizers{
    {"gd", kLipschitz},
    {"adgd", joined(kConstant, {{"step", "1"}, {"first-step", "0.01"}})},
    {"heavy-ball", joined(kExact, {{"momentum", "0.9"}})},
    {"nesterov", joined(kExact, {{"momentum", "0.9"}})},
    {"adagrad", joined(kExact, {{"decay", "1"}, {"epsilon", "1e-08"}})},
    {"rmsprop", joined(kExact, {{"decay", "0.99"}, {"epsilon", "1e-08"}})},
    {"adam", joined(kExact, kAdam)},
    {"bfgs", joined(kWeakWolfe, {{"initial-hessian", "scaled"}})},
    {"lbfgs", joined(kExact, {{"memory", "5"}, {"first-step", "0.01"}})},
};

const std::vector<Settings> kLineSearches{
    kConstant, joined({{"line-search", "decreasing"}}, kConstant), kLipschitz, kArmijo, kWeakWolfe, kStrongWolfe,
    kExact};

const Settings kDistributions{{"method", "variational"}, {"center", "yes"},      {"biases", "yes"},
                              {"clip", "yes"},           {"seed", "1"},          {"svdpp", "auto"},
                              {"iterations", "20"},      {"tolerance", "0.0002"}};
const Settings kUsualRank{{"rank", "10"}};  // of 480 ratings by 30 users of 16 items

// A method, the words that ask for it, all that it is by default, and what else the ratings decide.
struct Standard {
  std::string words;
  Settings settings;
  Settings decided{{"lambda", "6"}, {"lambda-per-rating", "0.025"}};
};

std::vector<Standard> standards() {
  std::vector<Standard> all{
      {"--method blocks", joined(kRows, {{"optimizer", "newton"}})},
      {"--method full", joined(joined(kFull, kAdam), kExact)},
      {"--method nnmf",
       joined({{"method", "nnmf"}, {"center", "no"}, {"biases", "no"}, {"iterations", "500"}, {"tolerance", "1e-05"}},
              kCommon),
       {{"lambda", "8"}, {"lambda-per-rating", "0"}}},
      {"", joined(kDistributions, {{"likelihood", "normal"}}), kUsualRank},
      {"--method variational", joined(kDistributions, {{"likelihood", "normal"}}), kUsualRank},
      {"--method gibbs",
       {{"method", "gibbs"},
        {"center", "yes"},
        {"biases", "yes"},
        {"clip", "yes"},
        {"seed", "1"},
        {"svdpp", "auto"},
        {"iterations", "170"},
        {"burn-in", "20"},
        {"keep", "30"}},
       kUsualRank},
      {"--method mlp --users users.csv --items items.csv",
       joined(kAdam, {{"method", "mlp"},
                      {"users", "users.csv"},
                      {"items", "items.csv"},
                      {"clip", "yes"},
                      {"seed", "1"},
                      {"line-search", "constant"},
                      {"step", "0.001"},
                      {"iterations", "50"},
                      {"layers", "64,128,64"},
                      {"output-relu", "no"},
                      {"batch-size", "512"}}),
       {}}};
  for (const auto& [optimizer, settings] : kOptimizers) {
    const Settings named = joined(settings, {{"optimizer", optimizer}});
    all.push_back({"--optimizer " + optimizer, joined(kFull, named)});
    all.push_back(
        {"--method blocks --optimizer " + optimizer, joined(joined(kRows, {{"inner-iterations", "3"}}), named)});
  }
  for (const Settings& settings : kLineSearches) {
    all.push_back({"--optimizer gd --line-search " + settings.at("line-search"),
                   joined(joined(kFull, settings), {{"optimizer", "gd"}})});
  }
  return all;
}

// Ratings of mean 3 and standard deviation 1, so that default penalties are the factors that --help names.
std::string even_ratings() {
  std::string text;
  for (int user = 1; user <= 30; ++user) {
    for (int item = 1; item <= 8; ++item) {
      const int rating = (user * user + 3 * item * user + item / 2) % 3 == 0 ? 2 : 4;
      text += std::to_string(user) + "," + std::to_string(item) + "," + std::to_string(rating) + "\n";
      text += std::to_string(user) + "," + std::to_string(item + 8) + "," + std::to_string(6 - rating) + "\n";
    }
  }
  return text;
}

TEST_CASE("--dump-config prints the default of every option that a run uses, and no other") {
  const Session session;
  for (const Standard& standard : standards()) {
    CAPTURE(standard.words);
    const std::string words = "train --dump-config " + standard.words;
    CHECK(settings_of(session.done(words_of(words)).out) == standard.settings);
    Settings held_out = joined(standard.settings, {{"holdout", "0.2"}});
    if (standard.settings.at("method") == "mlp") held_out["early-stop"] = "3";
    CHECK(settings_of(session.done(words_of(words + " --holdout 0.2")).out) == held_out);
  }
}

TEST_CASE("a run to which the defaults are given writes the model of the run without them, which records them") {
  const Session session;
  write_rated_features(session.folder, 30);
  write_bytes(session.folder / "even", even_ratings());
  const auto model = [&](const std::string& words) {
    session.done(words_of("train even -q -o m " + words));
    return read_bytes(session.folder / "m");
  };
  for (const Standard& standard : standards()) {
    CAPTURE(standard.words);
    const std::string expected = model(standard.words);
    const Json recorded = Json::parse(session.done({"info", "m", "--json"}).out)["settings"];
    for (const auto& [name, value] : joined(standard.settings, standard.decided)) {
      // Features are part of a network, whatever their files are called.
      if (name == "users" || name == "items") continue;
      CAPTURE(name);
      REQUIRE(recorded.contains(name));
      const bool zero = value == "auto" || value == "warm" || value == "scaled";
      if (name == "svdpp") {  // the record has what was decided
        CHECK((recorded[name] == "both" || recorded[name] == "none"));
        continue;
      }
      const std::string text = recorded[name].is_string() ? recorded[name].get<std::string>() : recorded[name].dump();
      CHECK(text == (value == "yes" ? "true" : value == "no" ? "false" : zero ? "0" : value));
    }
    CHECK((model(options_with(joined(standard.settings, standard.decided))) == expected));
  }
  // An eighth of the rows and columns, and what is in proportion where one of them is given.
  const std::string expected = tensors(model("--method blocks"));
  CHECK((tensors(model("--block-rows 4 --block-cols 2")) == expected));
  CHECK((tensors(model("--block-rows 4")) == expected));
  CHECK((model("--no-unobserved") == model("")));
  CHECK((model("--method nnmf --unobserved") == model("--method nnmf")));
  const std::string features = " --method mlp --users users.csv --items items.csv --holdout 0.3";
  CHECK((model("--holdout 0.3 --early-stop 0") == model("--holdout 0.3")));
  CHECK((model(features + " --early-stop 3") == model(features)));
}

// The help of an option in one line.
std::string help_of(const std::string& command, const std::string& option) {
  std::string text;
  bool inside = false;
  for (const std::string& line : lines_of(Session().done({command, "--help"}).out)) {
    const Words words = words_of(line);
    const bool declares = line.starts_with("  -") || line.starts_with("      --");
    if (declares) {
      inside = words[0] == "--" + option || (words.size() > 1 && words[1] == "--" + option) ||
               words[0] == "--[no-]" + option;
    }
    if (words.empty() || !line.starts_with("  ")) inside = false;
    if (!inside) continue;
    for (const std::string& word : words) text += word + " ";
  }
  return text;
}

TEST_CASE("--help of train, cv and tune says these defaults") {
  const std::vector<Words> all{
      {"method",
       "(default variational, or the first that uses what else is given; full where an optimizer or a line search is "
       "named)"},
      {"rank", "(default 16; variational, gibbs: ratings a user or item has on average, 6 to 30)"},
      {"lambda", "standard deviations of the ratings: 6 and 0.025; nnmf 8 and 0 at rank 16"},
      {"center", "(default on)"},
      {"biases", "(default on)"},
      {"clip", "(default on)"},
      {"seed", "(default 1)"},
      {"optimizer", "(default adam; blocks: newton)", "gd gradient descent [lipschitz]", "2020) [constant]",
       "Polyak's momentum [exact]", "Nesterov's momentum [exact]", "sum of past squared gradients [exact]",
       "steps scaled by the mean of recent squared gradients [exact] adam", "gradients [exact] bfgs", "[weak-wolfe]",
       "last few steps [exact]"},
      {"iterations", "(default 100; variational: 20, gibbs: 170, blocks, mlp: 50, nnmf: 500)"},
      {"inner-iterations", "(default 3)"},
      {"block-rows", "in proportion to --block-cols, or else an eighth of all"},
      {"block-cols", "in proportion to --block-rows, or else an eighth of all"},
      {"tolerance", "0: never; from 0 to 1 (default 1e-05; variational: 0.0002, blocks: 0.0001)"},
      {"gradient-tolerance", "(default 0)"},
      {"early-stop", "(default 0; mlp: 3)"},
      {"time-limit", "(default: no limit)"},
      {"layers", "(default 64,128,64)"},
      {"output-relu", "(default off)"},
      {"batch-size", "at least 16; 0: all at once (default 512)"},
      {"svdpp", "(default auto)"},
      {"likelihood", "(default normal)"},
      {"burn-in", "(default 20)"},
      {"keep", "(default 30)"},
      {"samples", "default: all iterations but the burn-in"},
      {"momentum", "default 0.9 (heavy-ball, nesterov) "},
      {"beta1", "default 0.9 (adam) "},
      {"beta2", "default 0.999 (adam) "},
      {"decay", "default 1 (adagrad), 0.99 (rmsprop) "},
      {"epsilon", "default 1e-08 (adagrad, rmsprop, adam) "},
      {"memory", "default 5 (lbfgs) "},
      {"initial-hessian", "default scaled (bfgs) "},
      {"first-step", "default 0.01 (adgd, lbfgs) "},
      {"step", "default auto (constant, decreasing), 0.001 (mlp) "},
      {"c1", "default 0.0001 (armijo, weak-wolfe, strong-wolfe) "},
      {"c2", "default 0.9 (weak-wolfe, strong-wolfe) "},
      {"backtrack", "default 0.3 (lipschitz), 0.5 (armijo, strong-wolfe) "},
      {"max-trials", "default 200 (lipschitz, armijo, weak-wolfe, strong-wolfe), 100 (exact) "},
      {"min-step", "default 1e-20 (lipschitz, armijo, strong-wolfe) "},
      {"initial-step", "default warm (lipschitz, armijo, weak-wolfe, strong-wolfe) "},
      {"growth", "default 1.5 (lipschitz), 2 (armijo, strong-wolfe), 1 (weak-wolfe) "},
      {"threads", "(default 0)"}};
  for (const std::string command : {"train", "cv", "tune"}) {
    for (const Words& one : all) check_has(help_of(command, one[0]), {one.begin() + 1, one.end()});
  }
  check_has(help_of("train", "unobserved"), {"(default off; nnmf: on)"});  // of a single run
}

}  // namespace
}  // namespace odot::test
