// The settings that a model file records: all that decided the result, given or by default, and nothing else.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "runs.hpp"

namespace odot::test {
namespace {

using Settings = std::map<std::string, std::string>;

Settings merged(Settings settings, const Settings& more) {
  for (const auto& [name, value] : more) settings[name] = value;
  return settings;
}

Settings trained(const Rated& data, const Words& words) {
  report_of(data, with(with({"train", "t.csv", "-o", "m"}, words), {"-t", "1"}));
  Settings settings = settings_of(data, "m");
  // The root of the deviation, which no option decides; of fewer ratings where some are held out.
  if (settings.contains("pin")) {
    const double epsilon = settings.contains("holdout") ? 0.02 : 1e-6;
    CHECK(std::stod(settings["pin"]) == doctest::Approx(std::sqrt(deviation_of(data.train))).epsilon(epsilon));
    CHECK(settings.at("biases") == "true");
    settings.erase("pin");
  } else if (settings.contains("biases")) {
    CHECK(settings["biases"] == "false");
  }
  return settings;
}

const Words kNetwork{"--method", "mlp", "--users", "users.csv", "--items", "items.csv"};

// Of the defaults, those that are the same for every factorisation. λ is given, to be compared as text.
const Words kLambda{"--lambda", "2.5"};
const Settings kFactorDefaults{{"rank", "16"},         {"center", "true"},  {"biases", "true"},
                               {"clip", "true"},       {"iterations", "1"}, {"seed", "1"},
                               {"tolerance", "1e-05"}, {"lambda", "2.5"},   {"lambda-per-rating", "0"}};
const Settings kFull = merged(kFactorDefaults, {{"method", "full"}, {"gradient-tolerance", "0"}});
const Settings kAdam{{"optimizer", "adam"}, {"beta1", "0.9"}, {"beta2", "0.999"}, {"epsilon", "1e-08"}};
const Settings kExact{{"line-search", "exact"}, {"max-trials", "100"}};
const Settings kBlocks = merged(kFactorDefaults, {{"method", "blocks"}, {"tolerance", "0.0001"}});
const Settings kMlp{{"method", "mlp"},     {"layers", "64,128,64"}, {"output-relu", "false"},
                    {"batch-size", "512"}, {"iterations", "1"},     {"early-stop", "3"},
                    {"seed", "1"},         {"clip", "true"},        {"line-search", "constant"},
                    {"step", "0.001"}};

TEST_CASE("defaults in effect are recorded, for every method") {
  const Rated data;
  CHECK(trained(data, kLambda) == merged(kBlocks, {{"optimizer", "newton"}}));
  CHECK(trained(data, with(kLambda, {"--method", "full"})) == merged(merged(kFull, kAdam), kExact));
  CHECK(trained(data, with(kLambda, {"--method", "blocks", "--optimizer", "adam"})) ==
        merged(merged(merged(kBlocks, {{"inner-iterations", "3"}}), kAdam), kExact));
  CHECK(trained(data, with(kLambda, {"--method", "nnmf"})) ==
        merged(kFactorDefaults, {{"method", "nnmf"}, {"center", "false"}, {"biases", "false"}}));
  CHECK(trained(data, {"--method", "variational", "--svdpp", "both", "--rank", "30"}) ==
        Settings{{"method", "variational"},
                 {"rank", "30"},
                 {"center", "true"},
                 {"biases", "true"},
                 {"clip", "true"},
                 {"seed", "1"},
                 {"iterations", "1"},
                 {"tolerance", "0.0002"},
                 {"svdpp", "both"},
                 {"likelihood", "normal"}});
  // What was decided, so that the record says how the model is made again.
  CHECK(trained(data, {}).at("svdpp") != "auto");
  CHECK(trained(data, {}).at("method") == "variational");
  CHECK(trained(data, {}).at("rank") == fmt::format("{}", std::max<std::size_t>(data.train.size() / 50, 6)));
  CHECK(trained(data, kNetwork) == merged(kMlp, kAdam));
  // λ by default is what was used.
  const Settings settings = trained(data, {"--method", "blocks"});
  CHECK(std::stod(settings.at("lambda")) == doctest::Approx(6 * deviation_of(data.train)));
  CHECK(std::stod(settings.at("lambda-per-rating")) == doctest::Approx(0.025 * deviation_of(data.train)));
}

TEST_CASE("what is given is recorded, for every method") {
  const Rated data;
  const Words factors{
      "--lambda",    "2.5",  "--lambda-per-rating", "0.125", "--rank",       "3", "--no-clip",    "--seed", "12",
      "--tolerance", "0.25", "--holdout",           "0.125", "--early-stop", "7", "--time-limit", "3000"};
  const Settings given{{"lambda", "2.5"},      {"lambda-per-rating", "0.125"},
                       {"rank", "3"},          {"clip", "false"},
                       {"seed", "12"},         {"tolerance", "0.25"},
                       {"holdout", "0.125"},   {"early-stop", "7"},
                       {"time-limit", "3000"}, {"iterations", "1"}};
  const auto compare = [&](const Words& words, const Settings& expected) {
    CAPTURE(words);
    CHECK(trained(data, with(factors, words)) == merged(given, expected));
  };
  const Settings rmsprop{{"optimizer", "rmsprop"}, {"decay", "0.75"}, {"epsilon", "0.0625"}};
  const Words of_rmsprop{"--optimizer", "rmsprop", "--decay", "0.75", "--epsilon", "0.0625"};
  compare({"--no-center", "--block-rows", "5", "--block-cols", "6"}, {{"method", "blocks"},
                                                                      {"optimizer", "newton"},
                                                                      {"center", "false"},
                                                                      {"biases", "true"},
                                                                      {"block-rows", "5"},
                                                                      {"block-cols", "6"}});
  compare(with(of_rmsprop,
               {"--method", "blocks", "--inner-iterations", "2", "--line-search", "decreasing", "--step", "0.03125"}),
          merged(rmsprop, {{"method", "blocks"},
                           {"center", "true"},
                           {"biases", "true"},
                           {"inner-iterations", "2"},
                           {"line-search", "decreasing"},
                           {"step", "0.03125"}}));
  compare(with(of_rmsprop, {"--no-biases", "--gradient-tolerance", "0.5"}),
          merged(merged(rmsprop, kExact),
                 {{"method", "full"}, {"center", "true"}, {"biases", "false"}, {"gradient-tolerance", "0.5"}}));
  compare({"--method", "nnmf"}, {{"method", "nnmf"}, {"center", "false"}, {"biases", "false"}});
  const Words network{"--layers",  "5,3",          "--output-relu", "--batch-size", "64",     "--early-stop",
                      "2",         "--time-limit", "3000",          "--seed",       "12",     "--no-clip",
                      "--holdout", "0.125",        "--line-search", "decreasing",   "--step", "0.03125"};
  CHECK(trained(data, with(with(kNetwork, network), of_rmsprop)) == merged(rmsprop, {{"method", "mlp"},
                                                                                     {"layers", "5,3"},
                                                                                     {"output-relu", "true"},
                                                                                     {"batch-size", "64"},
                                                                                     {"early-stop", "2"},
                                                                                     {"time-limit", "3000"},
                                                                                     {"seed", "12"},
                                                                                     {"clip", "false"},
                                                                                     {"holdout", "0.125"},
                                                                                     {"iterations", "1"},
                                                                                     {"line-search", "decreasing"},
                                                                                     {"step", "0.03125"}}));
  CHECK(trained(data, with(kNetwork, {"--layers", "none"})).at("layers") == "none");
}

// A method of the registry, with values for all its parameters that are not the defaults, and these.
struct Registered {
  std::string name;
  Settings other;
  Settings standard;
};

const std::vector<Registered> kOptimizers{
    {"gd", {}, {}},
    {"adgd", {{"first-step", "0.125"}}, {{"first-step", "0.01"}}},
    {"heavy-ball", {{"momentum", "0.5"}}, {{"momentum", "0.9"}}},
    {"nesterov", {{"momentum", "0.5"}}, {{"momentum", "0.9"}}},
    {"adagrad", {{"decay", "0.5"}, {"epsilon", "0.25"}}, {{"decay", "1"}, {"epsilon", "1e-08"}}},
    {"rmsprop", {{"decay", "0.5"}, {"epsilon", "0.25"}}, {{"decay", "0.99"}, {"epsilon", "1e-08"}}},
    {"adam",
     {{"beta1", "0.5"}, {"beta2", "0.75"}, {"epsilon", "0.25"}},
     {{"beta1", "0.9"}, {"beta2", "0.999"}, {"epsilon", "1e-08"}}},
    {"bfgs", {{"initial-hessian", "0.25"}}, {{"initial-hessian", "0"}}},
    {"lbfgs", {{"memory", "7"}, {"first-step", "0.125"}}, {{"memory", "5"}, {"first-step", "0.01"}}},
};

const Settings kShrinking{
    {"backtrack", "0.25"}, {"max-trials", "90"}, {"min-step", "1e-10"}, {"initial-step", "0.5"}, {"growth", "3"}};
const Settings kShrinkingDefaults{
    {"backtrack", "0.5"}, {"max-trials", "200"}, {"min-step", "1e-20"}, {"initial-step", "0"}, {"growth", "2"}};
const std::vector<Registered> kLineSearches{
    {"constant", {{"step", "0.001"}}, {{"step", "0"}}},
    {"decreasing", {{"step", "0.001"}}, {{"step", "0"}}},
    {"lipschitz", kShrinking, merged(kShrinkingDefaults, {{"backtrack", "0.3"}, {"growth", "1.5"}})},
    {"armijo", merged(kShrinking, {{"c1", "0.125"}}), merged(kShrinkingDefaults, {{"c1", "0.0001"}})},
    {"weak-wolfe",
     {{"c1", "0.125"}, {"c2", "0.5"}, {"max-trials", "90"}, {"initial-step", "0.5"}, {"growth", "3"}},
     {{"c1", "0.0001"}, {"c2", "0.9"}, {"max-trials", "200"}, {"initial-step", "0"}, {"growth", "1"}}},
    {"strong-wolfe", merged(kShrinking, {{"c1", "0.125"}, {"c2", "0.5"}}),
     merged(kShrinkingDefaults, {{"c1", "0.0001"}, {"c2", "0.9"}})},
    {"exact", {{"max-trials", "90"}}, {{"max-trials", "100"}}},
};

Words options_of(const Settings& settings) {
  Words words;
  for (const auto& [name, value] : settings) words = with(words, {"--" + name, value});
  return words;
}

TEST_CASE("every parameter of every optimizer and line search is recorded, given or by default") {
  const Rated data;
  std::set<std::string> seen;
  const auto compare = [&](const Registered& optimizer, const Registered& line_search) {
    CAPTURE(optimizer.name);
    CAPTURE(line_search.name);
    const Words names{"--rank",        "2", "--lambda", "2.5", "--optimizer", optimizer.name, "--line-search",
                      line_search.name};
    const Settings base =
        merged(kFull, {{"rank", "2"}, {"optimizer", optimizer.name}, {"line-search", line_search.name}});
    CHECK(trained(data, names) == merged(merged(base, optimizer.standard), line_search.standard));
    const Settings other = merged(optimizer.other, line_search.other);
    CHECK(trained(data, with(names, options_of(other))) == merged(base, other));
    for (const auto& [name, value] : other) seen.insert(name);
  };
  const Registered& constant = kLineSearches.front();
  for (const Registered& optimizer : kOptimizers) compare(optimizer, constant);
  for (const Registered& line_search : kLineSearches) compare(kOptimizers.front(), line_search);
  // The help has no other.
  const std::string help = data.done({"train", "--help"}).out;
  const std::string part = help.substr(help.find("\nParameters of the optimizer or line search"));
  std::size_t found = 0;
  for (const std::string& line : lines_of(part.substr(1, part.find("\n\n", 1)))) {
    const std::size_t at = line.find("--");
    if (line.find_first_not_of(' ') != at) continue;
    const std::string name = line.substr(at + 2, line.find(' ', at) - at - 2);
    CAPTURE(name);
    CHECK(seen.contains(name));
    ++found;
  }
  CHECK(found == seen.size());
}

TEST_CASE("what does not decide the result leaves no trace in the model") {
  const Rated data;
  const std::vector<Words> idle{
      {"--threads", "3"},  {"--trace", "t"}, {"--json"}, {"--quiet"}, {"--checkpoint", "ck", "--checkpoint-every", "1"},
      {"--valid", "v.csv"}};
  for (const Words& method :
       {Words{}, Words{"--method", "full"}, Words{"--method", "nnmf"}, Words{"--method", "variational"},
        Words{"--method", "gibbs", "--burn-in", "1"}, with(kNetwork, {"--early-stop", "0"})}) {
    const Words words = with({"train", "t.csv", "-t", "2", "-o", "m"}, method);
    data.done(words);
    const std::string expected = read_bytes(data.folder / "m");
    for (const Words& more : idle) {
      CAPTURE(more);
      data.done(with(words, more));
      CHECK((read_bytes(data.folder / "m") == expected));
    }
    write_bytes(data.folder / "other name.csv", read_bytes(data.folder / "t.csv"));
    data.done(with({"train", "other name.csv", "-t", "2", "-o", "m"}, method));
    CHECK((read_bytes(data.folder / "m") == expected));
    if (method == with(kNetwork, {"--early-stop", "0"})) continue;
    data.done(with(words, {"--unobserved"}));
    CHECK((read_bytes(data.folder / "m") == expected));
    data.done(with(words, {"--no-unobserved"}));
    CHECK((read_bytes(data.folder / "m") == expected));
  }
}

TEST_CASE("a model that started from another has that one's checksum, not its path") {
  const Rated data;
  data.done({"train", "t.csv", "-k", "2", "-t", "1", "-o", "a"});
  data.done({"train", "t.csv", "-k", "2", "-t", "2", "-o", "b"});
  write_bytes(data.folder / "copy", read_bytes(data.folder / "a"));
  const auto started = [&](const std::string& from) { return trained(data, {"--init-model", from}).at("init-model"); };
  CHECK(started("a") == started("copy"));
  CHECK(started("a") != started("b"));
  CHECK(started("a").find('/') == std::string::npos);
}

}  // namespace
}  // namespace odot::test
