// Progress and quiet on standard error, and the pages of help.
#include <fmt/format.h>
#include <algorithm>
#include <regex>
#include <set>

#include "odot/optim/registry.hpp"
#include "program.hpp"

namespace odot::test {
namespace {

// A training of about two seconds, so that there is progress to show.
const Words kSlow{"train",        "r.csv",      "--optimizer", "gd", "--line-search", "constant", "--step",  "1e-9",
                  "--iterations", "2000000000", "--tolerance", "0",  "--time-limit",  "2.5",      "--valid", "v.csv"};

struct Prepared {
  Prepared() {
    write_bytes(folder / "r.csv", small_ratings());
    write_bytes(folder / "v.csv", "1,1,3\n2,2,4\n");
  }
  TemporaryFolder folder;
};

TEST_CASE("plain lines of progress where standard error is no terminal") {
  const Prepared prepared;
  const Outcome outcome = run(prepared.folder, kSlow);
  CHECK(outcome.code == 0);
  check_has(outcome.out, {"stopped by: time"});
  CHECK(outcome.err.find('\r') == std::string::npos);
  CHECK(outcome.err.find('\x1b') == std::string::npos);
  const Words lines = lines_of(outcome.err);
  const auto progress = [](const std::string& line) { return line.rfind("iteration ", 0) == 0; };
  CHECK(std::count_if(lines.begin(), lines.end(), progress) >= 1);
  const auto first = std::find_if(lines.begin(), lines.end(), progress);
  REQUIRE(first != lines.end());
  check_has(*first, {"/2000000000", "objective", "train RMSE", "held-out RMSE", "ratings/s", "left"});
}

TEST_CASE("one line that is updated on a terminal, and wiped at the end") {
  if (!has_terminals()) {
    MESSAGE("skipped: this machine has no pseudo-terminals");
    return;
  }
  const Prepared prepared;
  const Outcome outcome = run(prepared.folder, kSlow, {.terminal = true});
  CHECK(outcome.code == 0);
  const std::size_t begin = outcome.err.find("\riteration ");
  REQUIRE(begin != std::string::npos);
  // After it, there may be a note of held-out errors that have risen.
  const std::string updates = outcome.err.substr(begin, outcome.err.find("the held-out RMSE was") - begin);
  CHECK(std::count(updates.begin(), updates.end(), '\r') > 2);
  CHECK(updates.find('\n') == std::string::npos);
  const std::string wiped = "\r\x1b[K";
  REQUIRE(updates.size() > wiped.size());
  CHECK(updates.substr(updates.size() - wiped.size()) == wiped);
}

TEST_CASE("the line of progress is never wider than its terminal, whose width may change") {
  if (!has_terminals()) {
    MESSAGE("skipped: this machine has no pseudo-terminals");
    return;
  }
  const Prepared prepared;
  Words search{"tune",     "r.csv", "--rank", "2,3,4,5,6", "--method", "full", "--lambda", "0.123456..0.654321",
               "--trials", "9"};
  for (const unsigned short width : std::initializer_list<unsigned short>{30, 80}) {
    CAPTURE(width);
    const Outcome outcome = run(prepared.folder, kSlow, {.terminal = true, .columns = {120, width}});
    const Words updates = lines_of(std::regex_replace(outcome.err, std::regex("\r(\x1b\\[K)?|\x1b\\[K"), "\n"));
    std::string last;
    for (const std::string& line : updates) {
      if (!line.starts_with("iteration ")) continue;
      CHECK(line.size() < 120);
      last = line;
    }
    CHECK(last.size() < width);
    if (width == 80) check_has(last, {"train RMSE", "held-out RMSE", " left"});
    // What a search shows.
    const Outcome searched = run(prepared.folder, search, {.terminal = true, .columns = {width}});
    CHECK(searched.code == 0);
    for (const std::string& line : lines_of(std::regex_replace(searched.err, std::regex("\x1b\\[[0-9]*[A-Z]"), ""))) {
      if (line.find("trial") != std::string::npos || line.starts_with("  ")) CHECK(line.size() <= width);
    }
  }
}

TEST_CASE("--quiet says nothing on standard error, with and without a terminal") {
  const Prepared prepared;
  Words words = kSlow;
  words.insert(words.end(), {"--quiet", "-o", "m", "--json"});
  for (const bool terminal : {false, true}) {
    if (terminal && !has_terminals()) {
      MESSAGE("skipped on a terminal: this machine has no pseudo-terminals");
      continue;
    }
    const Outcome outcome = run(prepared.folder, words, {.terminal = terminal});
    CHECK(outcome.code == 0);
    CHECK(outcome.err == "");
    CHECK(Json::parse(outcome.out)["stop_reason"] == "time");
  }
  for (const Words& other : std::vector<Words>{{"evaluate", "m", "r.csv", "-q"},
                                               {"predict", "m", "r.csv", "-q"},
                                               {"split", "r.csv", "--train", "a", "--test", "b", "-q"},
                                               {"synth", "-o", "s", "-q"},
                                               {"info", "r.csv", "-q"}}) {
    CAPTURE(other);
    const Outcome outcome = run(prepared.folder, other);
    CHECK(outcome.code == 0);
    CHECK(outcome.err == "");
  }
}

TEST_CASE("--version") {
  const TemporaryFolder folder;
  const Outcome outcome = run(folder, {"--version"});
  CHECK(outcome.code == 0);
  REQUIRE(outcome.out.rfind("odot ", 0) == 0);
  CHECK(std::count(outcome.out.begin(), outcome.out.end(), '.') == 2);
}

TEST_CASE("every command has help that fits a terminal") {
  const TemporaryFolder folder;
  for (const std::string command : {"train", "evaluate", "predict", "split", "synth", "info"}) {
    CAPTURE(command);
    const Outcome outcome = run(folder, {command, "--help"});
    CHECK(outcome.code == 0);
    CHECK(outcome.err == "");
    CHECK(outcome.out.rfind("Usage: odot " + command + " ", 0) == 0);
    check_has(outcome.out, {"--threads N", "-q, --quiet", "-h, --help"});
    CHECK(run(folder, {"help", command}).out == outcome.out);
    CHECK(run(folder, {command, "-h"}).out == outcome.out);
    for (const std::string& line : lines_of(outcome.out)) {
      CAPTURE(line);
      CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 110);
    }
    check_has(run(folder, {"--help"}).out, {"  " + command + " "});
  }
}

TEST_CASE("scripts are told what the help page says") {
  const TemporaryFolder folder;
  const auto told = [&](const Words& words) { return Json::parse(run(folder, words).out); };
  std::set<std::string> names;
  const Json all = told({"--help", "--json"});
  CHECK(all == told({"help", "--json"}));
  for (const Json& command : all["commands"]) {
    const std::string name = command["name"];
    CAPTURE(name);
    names.insert(name);
    const Json page = told({name, "--help", "--json"});
    CHECK(page == told({"help", name, "--json"}));
    const std::string text = run(folder, {name, "--help"}).out;
    check_has(text, {page["usage"], page["description"], command["name"]});
    std::size_t at = 0;
    for (const Json& group : page["groups"]) {
      at = text.find("\n" + group["title"].get<std::string>() + ":\n", at);
      REQUIRE(at != std::string::npos);
      for (const Json& option : group["options"]) {
        std::string label =
            option["letter"].is_null() ? "      " : fmt::format("  -{}, ", option["letter"].get<std::string>());
        label += (option["toggle"] ? "--[no-]" : "--") + option["name"].get<std::string>();
        if (!option["placeholder"].is_null()) label += " " + option["placeholder"].get<std::string>();
        CAPTURE(label);
        at = text.find("\n" + label + " ", at);
        REQUIRE(at != std::string::npos);
        const std::string help = option["help"];
        const std::string first = help.substr(0, help.find(' '));
        CHECK(text.find(first, at) < text.find('\n', at + 1));
        const bool has_default = std::ranges::any_of(Words{"(default", "; default", "\ndefault"},
                                                     [&](const auto& sign) { return help.find(sign) != help.npos; });
        CHECK((!option["default"].is_null()) == has_default);
        if (has_default) CHECK(help.find(option["default"].get<std::string>()) != std::string::npos);
        for (const Json& word : option["words"])
          CHECK(text.find(word["name"].get<std::string>(), at) != std::string::npos);
      }
    }
  }
  CHECK(names.size() >= 16);
  const auto option_of = [&](const std::string& command, const std::string& name) {
    const Json page = told({command, "--help", "--json"});
    for (const Json& group : page["groups"]) {
      for (const Json& option : group["options"]) {
        if (option["name"] == name) return option;
      }
    }
    return Json();
  };
  std::size_t k = 0;
  const Json words = option_of("train", "optimizer")["words"];
  for (const Algorithm& method : optimizers()) {
    CHECK(words[k]["name"] == method.name);
    check_has(words[k++]["help"], {std::string(method.help)});
  }
  CHECK(option_of("train", "rank")["letter"] == "k");
  CHECK(option_of("train", "rank")["default"] ==
        "16; variational, gibbs: ratings a user or item has on average, 6 to 30");
  CHECK(option_of("train", "biases")["toggle"] == true);
  CHECK(option_of("split", "fraction")["default"] == "0.1");
  CHECK(option_of("similar", "metric")["words"] == Json::parse(R"([{"name": "cosine", "help": null},
                                                                   {"name": "dot", "help": null}])"));
  CHECK(option_of("recommend", "user")["repeatable"] == true);
  CHECK(option_of("train", "help")["placeholder"].is_null());
}

// The part of a help page that is about an option.
std::string help_of(const Words& page, const std::string& option) {
  std::string text;
  bool inside = false;
  for (const std::string& line : page) {
    const bool starts = line.size() > 8 && (line.compare(2, 1, "-") == 0 || line.compare(6, 2, "--") == 0);
    if (starts || line.empty()) inside = line.find("--" + option + " ") == 6;
    if (inside) text += line + "\n";
  }
  return text;
}

TEST_CASE("help names every optimizer and line search, and every parameter with whose it is and its defaults") {
  const TemporaryFolder folder;
  const Words page = lines_of(run(folder, {"train", "--help"}).out);
  const std::string optimizer_help = help_of(page, "optimizer");
  const std::string search_help = help_of(page, "line-search");
  REQUIRE(optimizers().size() >= 9);
  REQUIRE(line_searches().size() >= 7);
  const auto check_parameters = [&](const Algorithm& method) {
    for (const auto& parameter_value : method.parameters) {
      const std::string_view name = parameter_value.first;
      const double value = parameter_value.second;
      const std::string help = help_of(page, std::string(name));
      CAPTURE(name);
      CAPTURE(help);
      const Option& parameter = find_parameter(name);
      std::string standard = Json(value).dump();
      if (standard.size() > 2 && standard.substr(standard.size() - 2) == ".0") standard.resize(standard.size() - 2);
      if (value == 0 && !parameter.zero_word.empty()) standard = parameter.zero_word;
      // "default 1 (adagrad), 0.99 (rmsprop, …)": the method stands in the brackets after its default.
      const std::size_t defaults = help.find("default ");
      REQUIRE(defaults != std::string::npos);
      const std::size_t owner = help.find(method.name, defaults);
      REQUIRE(owner != std::string::npos);
      const std::size_t bracket = help.rfind('(', owner);
      REQUIRE(bracket > defaults + standard.size());
      const std::size_t space = help.rfind(' ', bracket - 2);
      CHECK(help.substr(space + 1, bracket - space - 2) == standard);
    }
  };
  for (const Algorithm& method : optimizers()) {
    check_has(optimizer_help, {std::string(method.name), fmt::format("[{}]", method.default_partner)});
    check_parameters(method);
  }
  for (const Algorithm& method : line_searches()) {
    check_has(search_help, {std::string(method.name) + " "});
    check_parameters(method);
  }
}

TEST_CASE("every optimizer runs with every line search, and their defaults are legal values") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  for (const Algorithm& optimizer : optimizers()) {
    for (const Algorithm& search : line_searches()) {
      CAPTURE(optimizer.name);
      CAPTURE(search.name);
      Words words{"train",
                  "r",
                  "-q",
                  "-t",
                  "3",
                  "--json",
                  "-k",
                  "2",
                  "--optimizer",
                  std::string(optimizer.name),
                  "--line-search",
                  std::string(search.name)};
      for (const auto* method : {&optimizer, &search}) {
        for (const auto& [name, value] : method->parameters) {
          const bool word = value == 0 && !find_parameter(name).zero_word.empty();
          words.push_back(fmt::format("--{}", name));
          words.push_back(word ? std::string(find_parameter(name).zero_word) : Json(value).dump());
        }
      }
      // One parameter may belong to both; it is given once.
      std::set<std::string> seen;
      Words once;
      for (std::size_t k = 0; k < words.size(); ++k) {
        if (words[k].rfind("--", 0) == 0 && !seen.insert(words[k]).second) {
          ++k;
          continue;
        }
        once.push_back(words[k]);
      }
      const Outcome outcome = run(folder, once);
      CAPTURE(outcome.err);
      CHECK(outcome.code == 0);
      CHECK(Json::parse(outcome.out)["objective"].is_number());
    }
  }
}

}  // namespace
}  // namespace odot::test
