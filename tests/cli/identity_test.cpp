// A checkpoint is resumed by its own run only: another value of any setting that decides the result, other ratings,
// ids, features or models, and another precision are refused by name.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "runs.hpp"

namespace odot::test {
namespace {

// An option's value in the run that was saved and another one; "" for none. `name` is what the refusal speaks of, if
// that is not the option: newton has no line search at all.
struct Change {
  std::string option;
  std::string value;
  std::string other;
  std::string name{};
};

// A method with all options that its result depends on.
struct Method {
  Words words;
  std::vector<Change> changes;
};

const std::vector<Change> kFactors{
    {"--rank", "3", "2"},           {"--lambda", "2", "2.5"},   {"--lambda-per-rating", "0.5", "0.25"},
    {"--tolerance", "0.25", "0.5"}, {"--clip", "yes", "no"},    {"--seed", "3", "4"},
    {"--early-stop", "5", "6"},     {"--early-stop", "5", "0"}, {"--center", "yes", "no"},
    {"--biases", "yes", "no"}};
const std::vector<Change> kNonNegative(kFactors.begin(), kFactors.begin() + 8);
const std::vector<Change> kDistributions{{"--rank", "3", "2"},
                                         {"--tolerance", "0.25", "0.5"},
                                         {"--clip", "yes", "no"},
                                         {"--seed", "3", "4"},
                                         {"--early-stop", "5", "6"},
                                         {"--svdpp", "both", "none"},
                                         {"--likelihood", "normal", "ordinal"}};
const std::vector<Change> kStart{{"--init-model", "m", "m2"}, {"--init-model", "m", ""}};
const std::vector<Change> kAdam{{"--beta1", "0.5", "0.75"},
                                {"--beta2", "0.5", "0.75"},
                                {"--epsilon", "0.5", "0.25"},
                                {"--optimizer", "adam", "rmsprop"}};
const std::vector<Change> kStrongWolfe{{"--c1", "0.125", "0.25"},        {"--c2", "0.5", "0.75"},
                                       {"--backtrack", "0.5", "0.25"},   {"--max-trials", "50", "60"},
                                       {"--min-step", "1e-10", "1e-11"}, {"--initial-step", "0.5", "0.25"},
                                       {"--growth", "3", "4"},           {"--line-search", "strong-wolfe", "armijo"}};
const std::vector<Change> kNetwork{{"--layers", "4", "5"},       {"--output-relu", "yes", "no"},
                                   {"--batch-size", "32", "64"}, {"--early-stop", "5", "6"},
                                   {"--seed", "3", "4"},         {"--clip", "yes", "no"},
                                   {"--step", "0.01", "0.02"},   {"--line-search", "decreasing", "constant"}};

std::vector<Change> joined(std::vector<Change> changes, const std::vector<Change>& more) {
  changes.insert(changes.end(), more.begin(), more.end());
  return changes;
}

// Beside options that the table changes, the values that an optimizer of another name would refuse.
const std::vector<Method> kMethods{
    {{"--method", "blocks"},
     joined(kFactors,
            {{"--block-rows", "5", "6"}, {"--block-cols", "5", ""}, {"--optimizer", "newton", "gd", "line-search"}})},
    {{"--method", "blocks"}, joined(joined(kFactors, kAdam), {{"--inner-iterations", "2", "1"}})},
    {{"--method", "full"}, joined(joined(kFactors, kAdam), {{"--gradient-tolerance", "0.5", "0.25"}})},
    {{"--optimizer", "lbfgs"},
     joined(joined(kFactors, kStrongWolfe), {{"--memory", "3", "4"}, {"--first-step", "0.5", "0.25"}})},
    {{"--optimizer", "bfgs", "--line-search", "exact"}, joined(kFactors, {{"--initial-hessian", "0.5", "0.25"}})},
    {{"--optimizer", "heavy-ball"}, joined(kFactors, {{"--momentum", "0.5", "0.25"}})},
    {{"--optimizer", "rmsprop"}, joined(kFactors, {{"--decay", "0.5", "0.25"}})},
    {{"--method", "nnmf"}, kNonNegative},
    {{"--method", "variational"}, kDistributions},
    {{"--method", "gibbs"},
     {{"--rank", "3", "2"},
      {"--clip", "yes", "no"},
      {"--seed", "3", "4"},
      {"--early-stop", "5", "6"},
      {"--svdpp", "both", "none"},
      {"--burn-in", "2", "1"},
      {"--keep", "2", "3"}}},
    {{"--method", "blocks", "--rank", "3"}, kStart},
    {{"--method", "full", "--rank", "3"}, kStart},
    {{"--method", "mlp", "--users", "users.csv", "--items", "items.csv"}, joined(kNetwork, kAdam)},
};

// Options of switches have no value: "yes" is the option, "no" its opposite.
Words words_of(const std::string& option, const std::string& value) {
  if (value.empty()) return {};
  if (value == "yes") return {option};
  if (value == "no") return {"--no-" + option.substr(2)};
  return {option, value};
}

// The command with each option's value, but `changed` with its other one.
Words words_of(const Method& method, const Change* changed) {
  Words words = with({"train", "t.csv", "--valid", "v.csv", "-t", "2", "--threads", "1", "--quiet"}, method.words);
  std::set<std::string> done;
  if (changed) {
    words = with(words, words_of(changed->option, changed->other));
    done.insert(changed->option);
  }
  for (const Change& change : method.changes) {
    if (done.insert(change.option).second) words = with(words, words_of(change.option, change.value));
  }
  return words;
}

// The options that another name would refuse go with it.
Words without_parameters(Words words) {
  for (const char* option : {"--beta1", "--beta2", "--c2"}) {
    const auto at = std::find(words.begin(), words.end(), option);
    if (at != words.end()) words.erase(at, at + 2);
  }
  return words;
}

struct Saved : Rated {
  Saved() {
    for (const auto& [name, seed] : {std::pair{"m", "1"}, std::pair{"m2", "2"}}) {
      done({"train", "t.csv", "-k", "3", "-t", "1", "--seed", seed, "-o", name, "-q"});
    }
  }

  // As of another run, with this part of the message, and the checkpoint stays.
  void refused_as_other(const Words& words, const std::string& part) const {
    const std::string checkpoint = read_bytes(folder / "ck");
    refused(1, with(words, {"--resume", "ck", "-o", "out"}), {"cannot load the checkpoint ck", part});
    CHECK((read_bytes(folder / "ck") == checkpoint));
  }
};

TEST_CASE("another value of any setting is refused by its name") {
  const Saved data;
  for (const Method& method : kMethods) {
    CAPTURE(method.words);
    const Words words = words_of(method, nullptr);
    data.done(with(words, {"--checkpoint", "ck", "-o", "of this"}));
    data.done(with(words, {"--resume", "ck", "-o", "of that"}));
    CHECK((read_bytes(data.folder / "of this") == read_bytes(data.folder / "of that")));
    // The table has every setting that the model records, but for names that decide which others there are.
    for (const auto& [name, value] : settings_of(data, "of this")) {
      CAPTURE(name);
      if (name == "method" || name == "optimizer" || name == "line-search" || name == "pin" || name == "iterations" ||
          name == "samples")
        continue;
      const bool known =
          std::any_of(method.changes.begin(), method.changes.end(),
                      [&, wanted = "--" + name](const Change& change) { return change.option == wanted; });
      const bool of_another =
          std::any_of(kMethods.begin(), kMethods.end(), [&, wanted = "--" + name](const Method& other) {
            return std::any_of(other.changes.begin(), other.changes.end(),
                               [&](const Change& change) { return change.option == wanted; });
          });
      CHECK((known || of_another));
    }
    for (const Change& change : method.changes) {
      CAPTURE(change.option);
      Words changed = words_of(method, &change);
      if (change.option == "--optimizer" || change.option == "--line-search") changed = without_parameters(changed);
      data.refused_as_other(changed, ": it is of another run: " +
                                         (change.name.empty() ? change.option.substr(2) : change.name) + " was ");
    }
  }
}

TEST_CASE("another method is refused by its name") {
  const Saved data;
  const std::vector<Words> methods{
      {"--method", "blocks"}, {"--method", "full"},
      {"--method", "nnmf"},   {"--method", "variational"},
      {"--method", "gibbs"},  {"--method", "mlp", "--users", "users.csv", "--items", "items.csv"}};
  for (const Words& method : methods) {
    const Words words{"train", "t.csv", "-t", "1", "--quiet"};
    data.done(with(with(words, method), {"--checkpoint", "ck"}));
    for (const Words& other : methods) {
      // Told by the method's name or, where only one of them has it, by what goes with it.
      if (other != method) data.refused_as_other(with(words, other), " was ");
    }
  }
}

TEST_CASE("limits, threads, reports and paths may be others") {
  const Saved data;
  const Words words{"train", "t.csv", "--valid", "v.csv", "--quiet", "-t", "3"};
  data.done(with(words, {"--checkpoint", "ck", "--time-limit", "1000"}));
  for (const Words& more : std::vector<Words>{{"--time-limit", "2000"},
                                              {"--threads", "3"},
                                              {"--json"},
                                              {"--unobserved"},
                                              {"--trace", "t"},
                                              {"--checkpoint", "ck2", "--checkpoint-every", "1"}}) {
    data.done(with(with(words, {"--resume", "ck"}), more));
  }
  write_bytes(data.folder / "same", read_bytes(data.folder / "t.csv"));
  data.done({"train", "same", "--valid", "v.csv", "--quiet", "-t", "4", "--resume", "ck"});
}

TEST_CASE("other ratings, held-out ratings, ids, features and another precision are refused by name") {
  const Saved data;
  const auto replaced = [&](const std::string& name, const std::string& from, const std::string& to) {
    std::string text = read_bytes(data.folder / name);
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  struct Input {
    std::string file;
    std::string from;
    std::string to;
    std::string message;
    bool of_network_only = false;
  };
  const std::vector<Input> inputs{
      {"t.csv", "1,2,3", "1,2,5", "the checksum of the training ratings was "},
      {"t.csv", "30,19,5\n", "", "the number of training ratings was "},
      {"t.csv", "1,2,3\n1,3,4\n", "1,2,4\n1,3,3\n", "the checksum of the training ratings was "},
      {"v.csv", "31,1,4", "31,1,5", "the checksum of the held-out ratings was "},
      {"v.csv", "31,1,4", "30,1,4", "the checksum of the held-out ratings was "},
      {"v.csv", "31,1,4\n", "", "the number of held-out ratings was "},
      {"users.csv", "1,20,F", "1,27,F", "the checksum of the features was ", true},
      {"items.csv", "3,film|book", "3,book", "the checksum of the features was ", true},
      {"users.csv", "31,50,F", "31,51,F", "the checksum of the features was ", true},
  };
  const std::vector<Words> methods{{"--method", "blocks"},
                                   {"--method", "full"},
                                   {"--method", "nnmf"},
                                   {"--method", "variational", "--svdpp", "both"},
                                   {"--method", "mlp", "--users", "users.csv", "--items", "items.csv",
                                    "--user-features", "age:numeric,sex:categorical"}};
  for (const Words& method : methods) {
    CAPTURE(method);
    const bool network = method[1] == "mlp";
    Words words = with({"train", "t.csv", "--valid", "v.csv", "-t", "2", "--quiet"}, method);
    // λ that follows from the ratings would be told instead of them.
    if (!network && method[1] != "variational") words = with(words, {"--lambda", "2"});
    data.done(with(words, {"--checkpoint", "ck"}));
    for (const Input& input : inputs) {
      if (input.of_network_only && !network) continue;
      CAPTURE(input.file);
      CAPTURE(input.to);
      const std::string before = read_bytes(data.folder / input.file);
      write_bytes(data.folder / input.file, replaced(input.file, input.from, input.to));
      data.refused_as_other(words, input.message);
      write_bytes(data.folder / input.file, before);
    }
    // The same ratings by someone of another name.
    std::map<std::string, std::string> before;
    for (const std::string name : {"t.csv", "v.csv", "users.csv"}) {
      before[name] = read_bytes(data.folder / name);
      std::string text;
      for (const std::string& line : lines_of(before[name])) {
        text += (line.starts_with("7,") ? "someone" + line.substr(1) : line) + "\n";
      }
      write_bytes(data.folder / name, text);
    }
    data.refused_as_other(words, "the checksum of the users' and items' ids was ");
    for (const auto& [name, text] : before) write_bytes(data.folder / name, text);

    const std::string checkpoint = read_bytes(data.folder / "ck");
    CHECK((with_metadata(checkpoint, [](Json&) {}) == checkpoint));
    write_bytes(data.folder / "ck", with_metadata(checkpoint, [](Json& metadata) {
                  std::string& precision =
                      metadata.at("made_with.the precision of the program").get_ref<std::string&>();
                  precision = precision == "double" ? "single" : "double";
                }));
    data.refused_as_other(words, "the precision of the program was ");
    // A number of the state that is altered without its checksum is seen, too.
    std::string altered = checkpoint;
    altered.back() = static_cast<char>(altered.back() ^ 1);
    write_bytes(data.folder / "ck", altered);
    data.refused_as_other(words, "altered or damaged");
  }
}

}  // namespace
}  // namespace odot::test
