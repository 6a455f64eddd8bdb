// Runs of the program without an option and with it.
#include "effects.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <regex>
#include <sstream>

namespace odot::test {
namespace {

namespace fs = std::filesystem;

const std::string kKnown = "7 4\t2\t3\n8 2\t5\t1\n9 6\t4\t2\n7 8\t9\t5\n8 11\t6\t4\n9 3\t1\t1\n";

// JSON objects, one a line or one in all.
std::vector<Json> objects(const std::string& text) {
  const Json whole = Json::parse(text, nullptr, false);
  if (!whole.is_discarded()) return {whole};
  std::vector<Json> all;
  for (const std::string& line : lines_of(text)) all.push_back(Json::parse(line));
  return all;
}

std::string fields(const std::string& text, const std::string& name) {
  std::string found;
  for (const Json& object : objects(text)) {
    if (object.contains(name)) found += object[name].dump() + "\n";
  }
  REQUIRE_MESSAGE(found != "", "no field " << name << " in " << text);
  return found;
}

}  // namespace

std::map<std::string, char> options_of(const std::string& command) {
  static std::map<std::string, std::map<std::string, char>> known;
  auto& options = known[command];
  if (!options.empty()) return options;
  const std::regex declaration("  (?:-([a-z]), |    )--(\\[no-\\])?([a-z0-9-]+)(?: .*)?");
  for (const std::string& line : lines_of(Session().done({command, "--help"}).out)) {
    std::smatch match;
    if (!std::regex_match(line, match, declaration)) continue;
    options[match[3]] = match[1].matched ? *match[1].first : '\0';
    if (match[2].matched) options["no-" + match[3].str()] = '\0';
  }
  REQUIRE(options.count("help") == 1);
  return options;
}

Words words_of(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string tensors(const std::string& bytes) {
  REQUIRE(bytes.size() > sizeof(std::uint64_t));
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  Json header = Json::parse(bytes.substr(sizeof size, size));
  CHECK(header.contains("__metadata__"));
  header.erase("__metadata__");
  return header.dump() + bytes.substr(sizeof size + size);
}

std::string timeless(const std::string& text) {
  static const std::regex passing(
      "\"seconds\": *\\{[^}]*\\}|\"(?:[a-z]+_)?seconds\": *[0-9.e+-]+(?:,\"checksum\":\"[^\"]*\")?|"
      "\"threads\": *[0-9]+|\"peak_memory_bytes\": *[0-9]+|[0-9.]+ s\\b");
  return std::regex_replace(text, passing, "#");
}

Lab::Lab() {
  write_rated_features(session.folder, 30);
  const std::string ratings = small_ratings();
  write("half.csv", ratings.substr(0, ratings.find("\n15,") + 1));
  write("older.csv", std::regex_replace(read_bytes(session.folder / "users.csv"), std::regex(",2"), ",7"));
  write("others.csv", std::regex_replace(read_bytes(session.folder / "items.csv"), std::regex("film."), "film"));
  // Files that are read in one way or the other, all of them by users and of items that the ratings know.
  write("tabs", kKnown);
  write("names", "user,item,rating\n" + std::regex_replace(kKnown, std::regex("( .*)\t(.*)\t"), ",$2,"));
  write("numbers", std::regex_replace(kKnown, std::regex("( .*)\t(.*)\t"), ",$2,"));
  write("twice", "7,2,3\n8,5,1\n7,2,5\n9,4,2\n7,9,5\n8,6,4\n");
  for (const std::string name : {"center", "biases", "clip", "output-relu", "unobserved", "header"}) {
    write("no_" + name, name + " = no\n");
    write("yes_" + name, name + " = yes\n");
  }
  write("rank_3", "rank = 3\n");
  std::string years = "id,year,pages\n";
  for (int k = 1; k <= 20; ++k) years += std::to_string(k) + "," + std::to_string(1980 + k * 3 % 7) + ",99\n";
  write("years.csv", years);
  for (const std::string& name : files_in(session.folder)) kept_.insert(name);
}

void Lab::write(const std::string& name, const std::string& text) {
  write_bytes(session.folder / name, text);
  kept_.insert(name);
}

void Lab::prepare(const Words& words) {
  session.done(words);
  for (const std::string& name : files_in(session.folder)) kept_.insert(name);
}

void Lab::remove_leftovers() {
  for (const std::string& name : files_in(session.folder)) {
    if (kept_.count(name) == 0) fs::remove_all(session.folder / name);
  }
}

std::string Lab::observe(const std::string& command, const std::string& words, const std::string& where, int code) {
  remove_leftovers();
  const Outcome outcome = run(session.folder, words_of(command + " " + words));
  CAPTURE(words);
  CAPTURE(outcome.err);
  CHECK(outcome.code == code);
  if (outcome.code != code) return "exit " + std::to_string(outcome.code);
  if (where == "out") return timeless(outcome.out);
  if (where == "err") return timeless(outcome.err);
  const std::size_t colon = where.find(':');
  const std::string name = where.substr(0, colon);
  if (colon != std::string::npos) {
    return fields(name == "out" ? outcome.out : read_bytes(session.folder / name), where.substr(colon + 1));
  }
  if (where == "model") return tensors(read_bytes(session.folder / "m"));
  const std::string path = session.folder / where;
  if (!fs::exists(path)) return "no file";
  if (!fs::is_directory(path)) return "file " + timeless(read_bytes(path));
  std::string folder = "folder";
  for (const auto& entry : fs::directory_iterator(path)) folder += " " + entry.path().filename().string();
  return folder;
}

const std::string& Lab::observe_base(const std::string& command, const std::string& words, const std::string& where,
                                     int code) {
  const auto [at, fresh] = bases_.try_emplace(command + " " + words + " > " + where);
  if (fresh) {
    at->second = observe(command, words, where, code);
    // Otherwise a difference would say nothing.
    CHECK((observe(command, words, where, code) == at->second));
  }
  return at->second;
}

void Lab::check(const std::string& command, const Effect& effect) {
  CAPTURE(command);
  CAPTURE(effect.option);
  CAPTURE(effect.base);
  CAPTURE(effect.with);
  const std::string without = effect.base + " " + effect.without;
  const std::string with = effect.base + " " + effect.with;
  const std::string option = "--" + effect.option;
  if (effect.where == "refused") {
    observe_base(command, without, "out", 0);
    remove_leftovers();
    session.refused(2, words_of(command + " " + with), {option});
  } else if (effect.where == "fails" || effect.where == "works") {
    const int code = effect.where == "works" ? 0 : 1;
    observe_base(command, without, "out", 1 - code);
    observe(command, with, "out", code);
  } else if (effect.where[0] == '=') {
    const std::string where = effect.where.substr(1);
    CHECK((observe_base(command, without, where, 0) == observe(command, with, where, 0)));
  } else {
    const std::string result = observe(command, with, effect.where, effect.code);
    CHECK_MESSAGE((observe_base(command, without, effect.where, effect.code) != result), "it has no effect");
    const char letter = options_of(command).at(effect.option);
    const std::size_t at = effect.with.find(option);
    if (letter == '\0' || at == std::string::npos) return;
    const std::string brief = std::string(effect.with).replace(at, option.size(), std::string("-") + letter);
    CAPTURE(brief);
    CHECK((observe(command, effect.base + " " + brief, effect.where, effect.code) == result));
  }
}

void Lab::check_in_config(const std::string& command, const Effect& effect) {
  CAPTURE(command);
  CAPTURE(effect.base);
  CAPTURE(effect.with);
  std::string text;
  for (const std::string& word : words_of(effect.with)) {
    if (!word.starts_with("--")) {
      text += " = " + word;
    } else if (word.starts_with("--no-")) {
      text += "\n" + word.substr(5) + " = no";
    } else {
      text += "\n" + word.substr(2);
    }
  }
  // A name alone is that of a flag.
  text = std::regex_replace(text + "\n", std::regex("\n([a-z-]+)(?=\n)"), "\n$1 = yes");
  CAPTURE(text);
  write("config", text);
  const std::string said = observe(command, effect.base + " " + effect.with, effect.where, effect.code);
  CHECK((observe(command, effect.base + " --config config", effect.where, effect.code) == said));
}

void Lab::check_all(const std::string& command, const std::vector<Effect>& effects,
                    const std::set<std::string>& elsewhere) {
  std::set<std::string> declared;
  for (const auto& [option, letter] : options_of(command)) declared.insert(option);
  std::set<std::string> known = elsewhere;
  for (const Effect& effect : effects) {
    check(command, effect);
    known.insert(effect.option);
    // That the row is about the option that it names.
    const Words words = words_of(effect.with);
    CHECK(std::count(words.begin(), words.end(), "--" + effect.option) == 1);
  }
  CAPTURE(command);
  for (const std::string& option : declared) {
    CHECK_MESSAGE(known.count(option) == 1, "no effect of --" << option << " is known to this test");
  }
  for (const std::string& option : known) {
    CHECK_MESSAGE(declared.count(option) == 1, "there is no --" << option << " any more");
  }
}

std::vector<Effect> reading_effects(const std::string& before, const std::string& where, bool pairs) {
  std::vector<Effect> effects{
      {"separator", before + " tabs", "--separator space", where},
      {"columns", before + " numbers", pairs ? "--columns 2,1" : "--columns 2,1,3", where},
      {"header", before + " numbers", "--header", where},
  };
  effects.push_back({"no-header", before + " names", "--no-header", pairs ? where : "fails"});
  if (!pairs) {
    effects.push_back({"duplicates", before + " twice", "--duplicates first", where, "--duplicates last"});
    effects.push_back({"duplicates", before + " twice", "--duplicates mean", "works"});
  }
  return effects;
}

}  // namespace odot::test
