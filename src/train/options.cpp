// The table of the options of training.
#include "odot/train/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "odot/core/error.hpp"
#include "odot/core/spelling.hpp"
#include "odot/train/methods.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMostInt = std::numeric_limits<int>::max();
constexpr double kMostPatience = 1'000'000;

constexpr const char* kModel = "Model";
constexpr const char* kStart = "Starting from a model, and going on after an interruption";

// Each of the two is 0 where only the other is given: λ alone is the plain objective.
TrainOption regularisation(Option option, double Regularisation::*place) {
  return {std::move(option),
          [place](const TrainSettings& settings) -> std::optional<OptionValue> {
            if (!settings.regularisation) return std::nullopt;
            return (*settings.regularisation).*place;
          },
          [place](TrainSettings& settings, const OptionValue& value) {
            if (!settings.regularisation) settings.regularisation.emplace();
            (*settings.regularisation).*place = std::get<double>(value);
          }};
}

std::string lambda_default() {
  std::string text;
  for (const Method& method : methods()) {
    if (!method.default_regularisation) continue;
    const int rank = static_cast<int>(std::get<std::int64_t>(*find_train_option("rank")->standard));
    const Regularisation standard = method.default_regularisation(rank, 1);
    const std::string pair = fmt::format("{} and {}", standard.lambda, standard.per_rating);
    if (text.empty()) {
      text = fmt::format("defaults, in standard deviations of the ratings: {}", pair);
    } else if (text.find(": " + pair) == std::string::npos) {
      text += fmt::format("; {} {} at rank {}{}", method.name, pair, rank,
                          method.regularisation_note.empty() ? "" : ", " + method.regularisation_note);
    }
  }
  return text + "; where one of them is given, 0 for the other";
}

// A value in words, and whose default it is.
using UsersOf = std::pair<std::string, std::vector<std::string>>;

void add_user(std::vector<UsersOf>& values, const std::string& value, std::string_view user) {
  auto same = std::ranges::find(values, value, &UsersOf::first);
  if (same == values.end()) same = values.insert(values.end(), {value, {}});
  same->second.emplace_back(user);
}

// "default 0.3 (lipschitz), 0.5 (armijo, strong-wolfe)"
std::string parameter_default(const Option& option) {
  std::vector<UsersOf> values;
  const auto add = [&](double value, std::string_view user) { add_user(values, user_text(option, value), user); };
  for (const auto* all : {&optimizers(), &line_searches()}) {
    for (const Algorithm& algorithm : *all) {
      for (const auto& [name, value] : algorithm.parameters) {
        if (name == option.name) add(value, algorithm.name);
      }
    }
  }
  for (const Method& method : methods()) {
    const auto own = method.defaults.parameters.find(option.name);
    if (own != method.defaults.parameters.end()) add(own->second, method.name);
  }
  std::vector<std::string> texts;
  for (const auto& [value, users] : values) texts.push_back(fmt::format("{} ({})", value, fmt::join(users, ", ")));
  return fmt::format("default {}", fmt::join(texts, ", "));
}

std::string method_default() {
  const auto stepping = std::ranges::find_if(methods(), &Method::takes_steps);
  std::string text = fmt::format("default {}, or the first that uses what else is given", methods().front().name);
  if (stepping == methods().end()) return text;
  return text + fmt::format("; {} where an optimizer or a line search is named", stepping->name);
}

std::vector<Word> words_of(const std::vector<Algorithm>& algorithms) {
  std::vector<Word> words;
  for (const Algorithm& one : algorithms) {
    std::string help(one.help);
    if (!one.default_partner.empty()) help += fmt::format(" [{}]", one.default_partner);
    words.push_back({std::string(one.name), std::move(help)});
  }
  return words;
}

std::vector<Word> method_words() {
  std::vector<Word> words;
  for (const Method& method : methods()) words.push_back({method.name, method.help});
  return words;
}

std::vector<Word> optimizer_words() {
  std::vector<Word> words = words_of(optimizers());
  for (const Method& method : methods()) {
    for (Word word : method.solvers) {
      word.help += fmt::format("; {} only", method.name);
      words.push_back(std::move(word));
    }
  }
  return words;
}

Option word(std::string name, const char* group, std::string help, std::vector<Word> (*words)()) {
  return {.name = std::move(name),
          .group = group,
          .placeholder = "NAME",
          .help = std::move(help),
          .kind = OptionKind::word,
          .words = words,
          .chooses = true};
}

// `option` with what `change` does to it.
template <class Change>
Option with(Option option, Change change) {
  change(option);
  return option;
}

void add_model(std::deque<TrainOption>& rows) {
  using S = TrainSettings;
  rows.push_back(member(with(word("method", kModel, "one of these", method_words),
                             [](Option& o) { o.common = true, o.default_text = method_default; }),
                        &S::method));
  rows.push_back(member(with(integer_option("rank", kModel, "R", "factors of a user or item", {1, kHighestRank}),
                             [](Option& o) { o.letter = 'k', o.standard = std::int64_t{16}; }),
                        &S::rank));
  rows.push_back(regularisation(
      with(
          number_option("lambda", kModel, "L",
                        "regularisation: λ of a row is L plus C times its number of ratings, both ≥ 0", {0, kInfinity}),
          [](Option& o) { o.default_text = lambda_default; }),
      &Regularisation::lambda));
  rows.push_back(regularisation(number_option("lambda-per-rating", kModel, "C", "see --lambda", {0, kInfinity}),
                                &Regularisation::per_rating));
  rows.push_back(member(
      with(number_option(
               "unobserved-weight", kModel, "A",
               "also minimise A times the sum over all entries, observed or not, of (prediction - T) squared, for "
               "lists that are worth showing: what is not rated is mostly not liked",
               {0, kInfinity}),
           [](Option& o) { o.default_text = [] { return std::string("default: none"); }; }),
      &S::unobserved_weight));
  rows.push_back(
      member(with(number_option("unobserved-target", kModel, "T", "see --unobserved-weight", {-kInfinity, kInfinity}),
                  [](Option& o) { o.default_text = [] { return std::string("default 0"); }; }),
             &S::unobserved_target));
  rows.push_back(member(toggle_option("center", kModel, "subtract the mean rating", true), &S::center));
  rows.push_back(member(toggle_option("biases", kModel, "a bias for every user and item", true), &S::biases));
  rows.push_back(
      member(with(toggle_option("clip", kModel, "keep predictions in the range of the training ratings", true),
                  [](Option& o) { o.common = true; }),
             &S::clip));
  rows.push_back(
      member(with(toggle_option("unobserved", kModel,
                                "report which shares of the unobserved entries are predicted below the lowest "
                                "rating and near 1",
                                false),
                  [](Option& o) { o.recorded = false, o.single_run = true; }),
             &S::unobserved));
  rows.push_back(
      member(with(integer_option("seed", kModel, "N", "of the random start and of --holdout", {0, kInfinity}),
                  [](Option& o) { o.common = true, o.searched = false, o.standard = std::int64_t{1}; }),
             &S::seed));
}

void add_optimisation(std::deque<TrainOption>& rows) {
  using S = TrainSettings;
  rows.push_back(
      member(with(word("optimizer", kOptimisationGroup, "one of these, with its default line search", optimizer_words),
                  [](Option& o) { o.standard = std::string("adam"); }),
             &S::optimizer));
  rows.push_back(
      member(with(word("line-search", kOptimisationGroup, "one of these", [] { return words_of(line_searches()); }),
                  [](Option& o) {
                    o.along_lines = o.needs_optimizer = true;
                    o.default_text = [] { return std::string("default: the optimizer's"); };
                  }),
             &S::line_search));
  rows.push_back(member(
      with(integer_option("iterations", kOptimisationGroup, "N", "most iterations, sweeps or epochs", {0, kMostInt}),
           [](Option& o) { o.common = o.limits = true, o.letter = 't', o.standard = std::int64_t{100}; }),
      &S::iterations));
  rows.push_back(member(
      with(number_option("tolerance", kOptimisationGroup, "X",
                         "stop when the objective changes by less than this share of it, or, with distributions, by "
                         "less than this for each rating; 0: never",
                         {0, 1}),
           [](Option& o) { o.standard = 1e-5; }),
      &S::tolerance));
  rows.push_back(
      member(with(number_option("gradient-tolerance", kOptimisationGroup, "X",
                                "stop when the gradient is at most this share of what it was at the start", {0, 1}),
                  [](Option& o) { o.standard = 0.0, o.along_lines = true; }),
             &S::gradient_tolerance));
  rows.push_back(
      member(with(integer_option("early-stop", kOptimisationGroup, "N",
                                 "stop after N iterations (sweeps, epochs) without a lower held-out RMSE, and keep "
                                 "the best one's factors or weights; 0: never",
                                 {0, kMostPatience}),
                  [](Option& o) {
                    o.common = o.silent_zero = o.needs_held_out = true;
                    o.standard = std::int64_t{0};
                  }),
             &S::early_stop));
  rows.push_back(member(
      with(number_option("time-limit", kOptimisationGroup, "SECONDS",
                         "stop training after this time, with what checkpoints and traces take: seconds, or 90s, "
                         "5m, 1h",
                         {0, kInfinity}),
           [](Option& o) {
             o.common = o.silent_zero = o.limits = o.by_clock = true;
             o.searched = false, o.standard = 0.0;
             o.default_text = [] { return std::string("default: no limit"); };
           }),
      &S::time_limit));
}

void add_start(std::deque<TrainOption>& rows) {
  rows.push_back({with(input_option("init-model", kStart, "MODEL",
                                    "start from this factorization: users and items that it knows, by their ids, keep "
                                    "its factors and biases, others start as usual. --rank is by default its own"),
                       [](Option& o) { o.single_run = true; })});
}

std::deque<TrainOption>& table() {
  static std::deque<TrainOption> rows = [] {
    std::deque<TrainOption> all;
    add_model(all);
    add_optimisation(all);
    for (const Option& option : parameters()) all.push_back(parameter(option));
    add_start(all);
    return all;
  }();
  return rows;
}

const TrainOption* find(const std::deque<TrainOption>& rows, std::string_view name) {
  const auto found = std::ranges::find(rows, name, &TrainOption::name);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

TrainOption parameter(Option option) {
  const std::string name = option.name;
  const OptionKind kind = option.kind;
  return {std::move(option),
          [name, kind](const TrainSettings& settings) -> std::optional<OptionValue> {
            const auto found = settings.parameters.find(name);
            if (found == settings.parameters.end()) return std::nullopt;
            if (kind == OptionKind::toggle) return found->second != 0;
            return found->second;
          },
          [name](TrainSettings& settings, const OptionValue& value) {
            settings.parameters[name] = std::visit(
                [](const auto& given) -> double {
                  if constexpr (std::is_arithmetic_v<std::decay_t<decltype(given)>>) return static_cast<double>(given);
                  throw Error("a parameter is a number", ErrorKind::usage);
                },
                value);
          }};
}

const std::deque<TrainOption>& train_options() {
  (void)methods();  // which have options of their own
  return table();
}

void add_train_options(const std::vector<TrainOption>& options) {
  for (const TrainOption& option : options) {
    if (find(table(), option.name)) {
      throw Error(fmt::format("there is an option {} already", option.name), ErrorKind::usage);
    }
    table().push_back(option);
  }
}

const TrainOption* find_train_option(std::string_view name) { return find(train_options(), name); }

std::string default_text(const TrainOption& option) {
  if (option.default_text) return option.default_text();
  if (is_parameter(option.name)) return parameter_default(option);
  if (!option.standard || !option.get) return {};
  std::vector<UsersOf> others;
  for (const Method& method : methods()) {
    if (!method.uses(option.name)) continue;
    const std::optional<OptionValue> own = option.get(method.defaults);
    const std::string text = own ? user_text(option, *own) : method.decided(option.name);
    if (!text.empty()) add_user(others, text, method.name);
  }
  std::string text = "default " + user_text(option, *option.standard);
  for (const auto& [value, users] : others) {
    text += fmt::format("{}{}: {}", &value == &others.front().first ? "; " : ", ", fmt::join(users, ", "), value);
  }
  return text;
}

void set(TrainSettings& settings, std::string_view name, std::string_view text) {
  const TrainOption* option = find_train_option(name);
  if (!option || !option->set) {
    std::vector<std::string_view> known;
    for (const TrainOption& one : train_options()) {
      if (one.set) known.emplace_back(one.name);
    }
    const std::string_view meant = probably_meant(known, name);
    throw Error(
        fmt::format("unknown setting '{}'{}", name, meant.empty() ? "" : fmt::format("; did you mean {}?", meant)),
        ErrorKind::usage);
  }
  option->set(settings, parse_value(*option, text));
}

}  // namespace odot::inline ODOT_PRECISION
