#include "cli/train_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "odot/core/error.hpp"
#include "odot/core/spelling.hpp"

namespace odot::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kMostInnerIterations = 1'000'000;

const char* on_or_off(bool on) { return on ? "on" : "off"; }

// A line for each of the methods, their explanations in one column.
std::string list(const std::vector<Method>& methods) {
  std::size_t widest = 0;
  for (const Method& method : methods) widest = std::max(widest, method.name.size());
  std::string text;
  for (const Method& method : methods) {
    text += fmt::format("\n{:<{}}  {}", method.name, widest, method.help);
    if (!method.default_partner.empty()) text += fmt::format(" [{}]", method.default_partner);
  }
  return text;
}

std::string default_text(const Parameter& parameter, double value) {
  return value == 0 && !parameter.zero_word.empty() ? std::string(parameter.zero_word) : fmt::format("{}", value);
}

// "momentum β, ≥ 0 and < 1" and, below, "default 0.9 (heavy-ball, nesterov)".
std::string parameter_help(const Parameter& parameter) {
  std::vector<std::pair<std::string, std::vector<std::string_view>>> users;
  for (const auto* methods : {&optimizers(), &line_searches()}) {
    for (const Method& method : *methods) {
      for (const auto& [name, value] : method.parameters) {
        if (name != parameter.name) continue;
        const std::string standard = default_text(parameter, value);
        auto same = std::find_if(users.begin(), users.end(), [&](const auto& user) { return user.first == standard; });
        if (same == users.end()) same = users.insert(users.end(), {standard, {}});
        same->second.push_back(method.name);
      }
    }
  }
  std::vector<std::string> defaults;
  for (const auto& [standard, names] : users) {
    defaults.push_back(fmt::format("{} ({})", standard, fmt::join(names, ", ")));
  }
  return fmt::format("{}; {}\ndefault {}", parameter.help, parameter.range(), fmt::join(defaults, ", "));
}

// Options that not every method uses, with those that do.
struct Use {
  const char* option;
  std::vector<std::string_view> methods;
};

const std::vector<Use>& uses() {
  static const std::vector<Use> all{
      {"rank", {"full", "blocks", "nnmf"}},
      {"lambda", {"full", "blocks", "nnmf"}},
      {"lambda-scaling", {"full", "blocks", "nnmf"}},
      {"center", {"full", "blocks"}},
      {"biases", {"full", "blocks"}},
      {"unobserved", {"full", "blocks", "nnmf"}},
      {"no-unobserved", {"full", "blocks", "nnmf"}},
      {"tolerance", {"full", "blocks", "nnmf"}},
      {"gradient-tolerance", {"full"}},
      {"optimizer", {"full", "blocks"}},
      {"line-search", {"full", "blocks"}},
      {"inner-iterations", {"blocks"}},
      {"block-rows", {"blocks"}},
      {"block-cols", {"blocks"}},
  };
  return all;
}

void check_uses(const Options& options, std::string_view method) {
  for (const Use& use : uses()) {
    if (!options.given(use.option) || std::ranges::count(use.methods, method) > 0) continue;
    throw UsageError(
        fmt::format("--{} is of no use to --method {}, only to {}", use.option, method, fmt::join(use.methods, ", ")));
  }
}

FactorMethod factor_method(const Options& options) {
  const std::string name = options.text("method", "full");
  std::vector<std::string_view> names;
  for (const FactorMethod method : {FactorMethod::full, FactorMethod::blocks, FactorMethod::nnmf}) {
    if (name == to_string(method)) return method;
    names.push_back(to_string(method));
  }
  throw UsageError(
      fmt::format("unknown method '{}': known are {}", name, fmt::join(nearest_first(std::move(names), name), ", ")));
}

LambdaScaling lambda_scaling(const Options& options, LambdaScaling standard) {
  if (!options.given("lambda-scaling")) return standard;
  const std::string& word = options.text("lambda-scaling");
  if (word == "uniform") return LambdaScaling::uniform;
  if (word == "count") return LambdaScaling::count;
  throw UsageError(fmt::format("--lambda-scaling is '{}', but must be uniform or count", word));
}

ParameterValues parameter_values(const Options& options) {
  ParameterValues values;
  for (const Parameter& parameter : parameters()) {
    const std::string name(parameter.name);
    if (!options.given(name)) continue;
    if (!parameter.zero_word.empty() && options.text(name) == parameter.zero_word) {
      values[name] = 0;
    } else if (const std::optional<double> value = to_number(options.text(name))) {
      values[name] = *value;
    } else {
      throw UsageError(fmt::format("--{} is '{}', but must be {}", name, options.text(name), parameter.range()));
    }
  }
  return values;
}

}  // namespace

Options declare_train_options() {
  const TrainSettings standard;
  const TrainSettings blocks = default_settings(FactorMethod::blocks);
  const TrainSettings nnmf = default_settings(FactorMethod::nnmf);
  Options options("odot train RATINGS... [-o MODEL] [options]",
                  "Fits X ≈ mean + biases + UV to the ratings by minimising\n"
                  "  ‖W ∘ (X − UV)‖² + λ‖U‖² + λ‖V‖²\n"
                  "over the observed entries. RATINGS are files of user, item and rating, or - for standard input.");
  options.arguments("RATINGS...", 1, -1);
  options.group("Data and results");
  options.value("output,o", "MODEL", "write the model here (safetensors)");
  options.value("valid", "FILE", "ratings to measure on during and after training");
  options.value("holdout", "FRACTION", "hold this share of the ratings out and measure on it");
  options.value("trace", "FILE", "write a JSON line an iteration");
  options.flag("json", "print the report as one JSON object");
  options.value("config", "FILE",
                "read options from here, a line NAME = VALUE for each, e.g. rank = 8; the command line wins");
  options.flag("keep-diverged", "if the run diverges, keep the last finite iterate all the same");
  options.reading_group();
  options.group("Model");
  options.value("method", "NAME",
                fmt::format("one of these (default {})\n"
                            "full    all factors at once\n"
                            "blocks  row by row of U and column by column of V\n"
                            "nnmf    factors that are not negative, by multiplicative updates; without mean and biases",
                            to_string(standard.method)));
  options.value("rank,k", "R",
                fmt::format("factors of a user or item, 1 to {} (default {})", kHighestRank, standard.rank));
  options.value("lambda", "L",
                fmt::format("regularisation λ ≥ 0\ndefault, in standard deviations of the ratings: {} under uniform "
                            "scaling at rank {}, growing with the square root of the rank; {} under count scaling",
                            default_lambda(standard.method, LambdaScaling::uniform, standard.rank),
                            default_lambda(nnmf.method, LambdaScaling::uniform, standard.rank), standard.rank,
                            default_lambda(standard.method, LambdaScaling::count, standard.rank)));
  options.value("lambda-scaling", "HOW",
                fmt::format("uniform: λ for every row; count: λ times the row's number of ratings (default {})",
                            to_string(standard.lambda_scaling)));
  options.toggle("center", fmt::format("subtract the mean rating (default {})", on_or_off(standard.center)));
  options.toggle("biases", fmt::format("a bias for every user and item (default {})", on_or_off(standard.biases)));
  options.toggle("clip", fmt::format("keep predictions in the range of the training ratings (default {})",
                                     on_or_off(standard.clip)));
  options.toggle("unobserved",
                 "report which shares of the unobserved entries are predicted below the lowest rating and near 1 "
                 "(default on with nnmf, otherwise off)");
  options.value("seed", "N", fmt::format("of the random start and of --holdout (default {})", standard.seed));
  options.group("Optimisation");
  options.value("optimizer", "NAME",
                fmt::format("one of these, with its default line search (default {}; blocks: {})\n{}\n"
                            "{}      solves each row's normal equations; blocks only",
                            standard.optimizer, kNewton, list(optimizers()).substr(1), kNewton));
  options.value("line-search", "NAME",
                fmt::format("one of these (default: the optimizer's)\n{}", list(line_searches()).substr(1)));
  options.value("iterations,t", "N",
                fmt::format("most iterations (default {}), or sweeps (blocks: {}, nnmf: {})", standard.stop.iterations,
                            blocks.stop.iterations, nnmf.stop.iterations));
  options.value("inner-iterations", "N",
                fmt::format("blocks: most iterations a row and sweep (default {})", standard.inner_iterations));
  options.value("block-rows", "K",
                "blocks: rows of U that are updated before the next columns of V\n"
                "default: in proportion to --block-cols, or else an eighth of all");
  options.value("block-cols", "K",
                "blocks: columns of V that are updated before the next rows of U\n"
                "default: in proportion to --block-rows, or else an eighth of all");
  options.value(
      "tolerance", "X",
      fmt::format("stop when the objective changes by less than this share (default {}; blocks: {}; 0: never)",
                  standard.stop.tolerance, blocks.stop.tolerance));
  options.value("gradient-tolerance", "X",
                fmt::format("stop when the gradient is at most this share of what it was at the start (default {})",
                            standard.stop.gradient_tolerance));
  options.value("time-limit", "SECONDS", "stop training after this time (default: no limit)");
  options.group("Parameters of the optimizer or line search (in brackets: whose default it is)");
  for (const Parameter& parameter : parameters()) {
    options.value(std::string(parameter.name), "X", parameter_help(parameter));
  }
  options.common_group();
  return options;
}

TrainSettings train_settings(const Options& options) {
  TrainSettings settings = default_settings(factor_method(options));
  check_uses(options, to_string(settings.method));
  settings.rank = static_cast<int>(options.integer("rank", settings.rank, 1, kHighestRank));
  if (options.given("lambda")) settings.lambda = options.number("lambda", 0, 0, kInfinity);
  settings.lambda_scaling = lambda_scaling(options, settings.lambda_scaling);
  settings.center = options.on_off("center", settings.center);
  settings.biases = options.on_off("biases", settings.biases);
  settings.clip = options.on_off("clip", settings.clip);
  settings.unobserved = options.on_off("unobserved", settings.unobserved);
  settings.seed = options.seed(settings.seed);
  settings.optimizer = options.text("optimizer", settings.optimizer);
  if (options.given("line-search")) settings.line_search = options.text("line-search");
  settings.inner_iterations =
      static_cast<int>(options.integer("inner-iterations", settings.inner_iterations, 1, kMostInnerIterations));
  if (options.given("inner-iterations") && settings.optimizer == kNewton) {
    throw UsageError("--inner-iterations is of no use to newton, which solves a row in one step");
  }
  settings.block_rows = static_cast<Index>(options.integer("block-rows", settings.block_rows, 1, kUnknown - 1));
  settings.block_cols = static_cast<Index>(options.integer("block-cols", settings.block_cols, 1, kUnknown - 1));
  settings.stop.iterations =
      static_cast<int>(options.integer("iterations", settings.stop.iterations, 0, std::numeric_limits<int>::max()));
  settings.stop.tolerance = options.number("tolerance", settings.stop.tolerance, 0, 1);
  settings.stop.gradient_tolerance = options.number("gradient-tolerance", settings.stop.gradient_tolerance, 0, 1);
  settings.stop.seconds = options.number("time-limit", settings.stop.seconds, 0, kInfinity);
  settings.parameters = parameter_values(options);
  try {
    check(settings);
  } catch (const Error& error) {
    // The library speaks of "c1", a user of "--c1".
    const std::string message = error.what();
    throw UsageError((options.known(message.substr(0, message.find(' '))) ? "--" : "") + message);
  }
  return settings;
}

}  // namespace odot::cli
