#include "cli/train_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/load.hpp"

namespace odot::cli {
namespace {

std::vector<std::string> names(const std::vector<Method>& methods) {
  std::vector<std::string> result;
  for (const Method& method : methods) result.emplace_back(method.name);
  return result;
}

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

// What only a single run has.
void declare_run_options(Options& options) {
  options.group("Starting from a model, and going on after an interruption");
  options.value("init-model", "MODEL",
                "start from this factorization: users and items that it knows, by their ids, keep its factors and "
                "biases, others start as usual. --rank is by default its own");
  options.value("checkpoint", "FILE",
                "save all that is needed to go on here, at the start, every so often and at the end");
  options.value("checkpoint-every", "N|SECONDSs",
                fmt::format("how often: after N iterations (sweeps, epochs), or after a time such as 30s (default {}s)",
                            kCheckpointSeconds));
  options.value(
      "resume", "FILE",
      "go on from this checkpoint, to the same bits as without the interruption. Ratings and all options that "
      "decide the result must be the same; --iterations and --time-limit, which counts all parts of the run, "
      "may differ");
}

}  // namespace

Options declare_train() {
  Options options("odot train RATINGS... [-o MODEL] [options]",
                  "Fits X ≈ mean + biases + UV to the ratings by minimising\n"
                  "  ‖W ∘ (X − UV)‖² + λ‖U‖² + λ‖V‖²\n"
                  "over the observed entries. RATINGS are files of user, item and rating, or - for standard input.");
  options.arguments("RATINGS...", 1, -1);
  options.group("Data and results");
  options.value("output,o", "MODEL", "write the model here (safetensors)");
  options.value("valid", "FILE", "ratings to measure on during and after training");
  options.value("holdout", "FRACTION", "hold this share of the ratings out and measure on it");
  memory_option(options, "for the ratings of an .odr file, the rest of which is read anew in every pass");
  options.value("trace", "FILE", "write a JSON line an iteration");
  options.flag("json", "print the report as one JSON object");
  options.value("config", "FILE",
                "read options from here, a line NAME = VALUE for each, e.g. rank = 8; the command line wins");
  options.flag("dump-config",
               "print the options in effect, defaults included, as such a file, and do not train; RATINGS can be left "
               "out");
  options.flag("keep-diverged", "if the run diverges, keep the last finite iterate all the same");
  options.reading_group();
  declare_method_options(options);
  declare_run_options(options);
  options.common_group();
  return options;
}

void declare_method_options(Options& options) {
  const TrainSettings standard;
  const TrainSettings blocks = default_settings(FactorMethod::blocks);
  const TrainSettings nnmf = default_settings(FactorMethod::nnmf);
  const MlpSettings network;
  options.group("Model");
  options.value("method", "NAME",
                "one of these (default blocks; full where an optimizer or a line search is named)\n"
                "blocks  row by row of U and column by column of V\n"
                "full    all factors at once\n"
                "nnmf    factors that are not negative, by multiplicative updates; without mean and biases\n"
                "mlp     a neural network on features of users and items",
                {"blocks", "full", "nnmf", "mlp"});
  options.value("rank,k", "R",
                fmt::format("factors of a user or item, 1 to {} (default {})", kHighestRank, standard.rank));
  const Regularisation usual = default_regularisation(standard.method, standard.rank, 1);
  options.value(
      "lambda", "L",
      fmt::format("regularisation: λ of a row is L plus C times its number of ratings, both ≥ 0 (defaults, in "
                  "standard deviations of the ratings: {} and {}; nnmf {} and {} at rank {}, growing with the "
                  "square root of the rank; where one of them is given, 0 for the other)",
                  usual.lambda, usual.per_rating, default_regularisation(nnmf.method, standard.rank, 1).lambda, 0,
                  standard.rank));
  options.value("lambda-per-rating", "C", "see --lambda");
  options.toggle("center", fmt::format("subtract the mean rating (default {})", on_or_off(standard.center)));
  options.toggle("biases", fmt::format("a bias for every user and item (default {})", on_or_off(standard.biases)));
  options.toggle("clip", fmt::format("keep predictions in the range of the training ratings (default {})",
                                     on_or_off(standard.clip)));
  options.toggle("unobserved",
                 "report which shares of the unobserved entries are predicted below the lowest rating and near 1 "
                 "(default on with nnmf, otherwise off)");
  options.value("seed", "N", fmt::format("of the random start and of --holdout (default {})", standard.seed));
  options.group("Optimisation");
  std::vector<std::string> optimizer_names = names(optimizers());
  optimizer_names.emplace_back(kNewton);
  options.value("optimizer", "NAME",
                fmt::format("one of these, with its default line search (default {}; blocks: {})\n{}\n"
                            "{}      solves each row's normal equations; blocks only",
                            standard.optimizer, kNewton, list(optimizers()).substr(1), kNewton),
                optimizer_names);
  options.value("line-search", "NAME",
                fmt::format("one of these (default: the optimizer's)\n{}", list(line_searches()).substr(1)),
                names(line_searches()));
  options.value("iterations,t", "N",
                fmt::format("most iterations (default {}), sweeps (blocks: {}, nnmf: {}) or epochs (mlp: {})",
                            standard.stop.iterations, blocks.stop.iterations, nnmf.stop.iterations, network.epochs));
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
  options.value("early-stop", "N",
                fmt::format("stop after N iterations (sweeps, epochs) without a lower held-out RMSE, and keep the best "
                            "one's factors or weights; 0: never (default {}; mlp: {})",
                            TrainSettings().early_stop, MlpSettings().early_stop));
  options.value("time-limit", "SECONDS", "stop training after this time (default: no limit)");
  options.group("Neural network (--method mlp)");
  options.value("users", "FILE", "features of the users, a line for each: an id and columns of features");
  options.value("items", "FILE", "features of the items, likewise");
  options.value("user-features", "SPEC",
                "the columns to use, e.g. gender:categorical,age:numeric, by names in the header or numbers from 1; "
                "NAME:id is where the ids are\n"
                "default: ids in the first column; columns of numbers, ids too, are numeric; columns of texts are "
                "categorical (words with | between are several categories) if they have few different ones");
  options.value("item-features", "SPEC", "likewise of the items");
  options.value("layers", "N,N,…",
                fmt::format("sizes of the hidden layers, or none (default {})", fmt::join(network.hidden, ",")));
  options.toggle("output-relu",
                 fmt::format("ReLU after the last layer too (default {})", on_or_off(network.output_relu)));
  options.value("batch-size", "N",
                fmt::format("ratings a mini-batch, at least {}; 0: all at once (default {})", kSmallestBatch,
                            network.batch_size));
  options.group("Parameters of the optimizer or line search (in brackets: whose default it is)");
  for (const Parameter& parameter : parameters()) {
    options.value(std::string(parameter.name), "X", parameter_help(parameter));
  }
}

}  // namespace odot::cli
