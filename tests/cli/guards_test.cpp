// No command overwrites what it reads: every pair of an output and an input of every command, two outputs, standard
// input twice. A table says which options of a command name files; it has to know every one that --help shows.
#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

#include "runs.hpp"

namespace odot::test {
namespace {

namespace fs = std::filesystem;

// A command that works, as words, in which files stand for themselves.
struct Command {
  Words words;
  std::set<std::string> inputs;   // files and folders among the words
  std::set<std::string> outputs;  // likewise
  /// Beside these ones, for an output whose name is a part of theirs.
  Words suffixes{};
};

const Words kNetwork{"train", "r.csv", "--method", "mlp", "--users", "users.csv", "--items", "items.csv", "-t", "1"};

const std::vector<Command> kCommands{
    {{"train", "r.csv", "--valid", "v.csv", "--config", "config", "--init-model", "m", "-o", "out1", "--trace", "out2",
      "--checkpoint", "out3"},
     {"r.csv", "v.csv", "config", "m"},
     {"out1", "out2", "out3"}},
    {{"train", "r.csv", "-t", "2", "--resume", "ck", "-o", "out1", "--trace", "out2", "--rank", "3"},
     {"r.csv", "ck"},
     {"out1", "out2"}},
    {with(kNetwork, {"-o", "out1", "--trace", "out2", "--checkpoint", "out3"}),
     {"r.csv", "users.csv", "items.csv"},
     {"out1", "out2", "out3"}},
    {{"cv", "r.csv", "--config", "config", "-t", "1", "--folds", "2", "--method", "mlp", "--users", "users.csv",
      "--items", "items.csv"},
     {"r.csv", "config", "users.csv", "items.csv"},
     {}},
    {{"tune", "r.csv", "--valid", "v.csv", "--config", "config", "--lambda", "1,2", "--trials", "1", "-o", "out1",
      "--log", "out2"},
     {"r.csv", "v.csv", "config"},
     {"out1", "out2"}},
    {{"tune", "r.csv", "--method", "mlp", "--users", "users.csv", "--items", "items.csv", "-t", "1", "--step",
      "0.1,0.2", "--trials", "1", "-o", "out1", "--log", "out2"},
     {"r.csv", "users.csv", "items.csv"},
     {"out1", "out2"}},
    {{"evaluate", "m", "r.csv", "--top", "3", "--exclude", "v.csv"}, {"m", "r.csv", "v.csv"}, {}},
    {{"evaluate", "network", "r.csv", "--users", "users.csv", "--items", "items.csv"},
     {"network", "r.csv", "users.csv", "items.csv"},
     {}},
    {{"predict", "network", "r.csv", "--users", "users.csv", "--items", "items.csv", "-o", "out1"},
     {"network", "r.csv", "users.csv", "items.csv"},
     {"out1"}},
    {{"recommend", "m", "--exclude", "r.csv", "--users", "ids", "--only", "ids2", "--items", "items.csv", "-o", "out1"},
     {"m", "r.csv", "ids", "ids2", "items.csv"},
     {"out1"}},
    {{"similar", "m", "--item", "1", "--items", "items.csv", "-o", "out1"}, {"m", "items.csv"}, {"out1"}},
    {{"fold-in", "m", "new.csv", "-o", "out1"}, {"m", "new.csv"}, {"out1"}},
    {{"fold-in", "m", "new.csv", "--top", "2", "--item-titles", "items.csv", "-o", "out1"},
     {"m", "new.csv", "items.csv"},
     {"out1"}},
    {{"fold-in", "f", "--features", "new-users.csv", "-o", "out1"}, {"f", "new-users.csv"}, {"out1"}},
    {{"export", "m", "--format", "libmf", "-o", "out1"}, {"m"}, {"out1"}, {".users", ".items"}},
    {{"export", "m", "--format", "npy", "-o", "out1"}, {"m"}, {"out1"}},
    {{"export", "m", "--format", "csv", "-o", "out1"}, {"m"}, {"out1"}},
    {{"import", "libmf", "--users", "libmf.users", "--items", "libmf.items", "-o", "out1"},
     {"libmf", "libmf.users", "libmf.items"},
     {"out1"}},
    {{"split", "r.csv", "--train", "out1", "--test", "out2"}, {"r.csv"}, {"out1", "out2"}},
    {{"convert", "r.csv", "-o", "out1"}, {"r.csv"}, {"out1"}},
    {{"synth", "--ratings", "50", "--users", "20", "--items", "20", "-o", "out1"}, {}, {"out1"}},
    {{"info", "r.csv", "new.csv"}, {"r.csv", "new.csv"}, {}},
    {{"man", "--all", "pages"}, {}, {}},
};

struct Files : Session {
  Files() {
    write_rated_features(folder, 31);
    write_bytes(folder / "v.csv", "1,1,3\n2,3,4\n");
    write_bytes(folder / "new.csv", "99,1,3\n99,3,4\n");
    write_bytes(folder / "ids", "1\n2\n");
    write_bytes(folder / "ids2", "3\n4\n");
    write_bytes(folder / "config", "iterations = 1\n");
    done({"train", "r.csv", "-q", "-k", "3", "-t", "1", "-o", "m", "--checkpoint", "ck"});
    done(with(kNetwork, {"-q", "-o", "network"}));
    done({"train", "r.csv", "--users", "users.csv", "-t", "1", "-q", "-o", "f"});
    write_bytes(folder / "new-users.csv", lines_of(read_bytes(folder / "users.csv"))[0] + "\n99,20,F\n");
    done({"export", "m", "--format", "libmf", "-o", "libmf", "-q"});
    // Not written where ids are what LIBMF takes them for, the numbers of the rows.
    for (const auto& [name, count] : {std::pair{"libmf.users", 31}, std::pair{"libmf.items", 21}}) {
      std::string ids;
      for (int k = 1; k <= count; ++k) ids += "id" + std::to_string(k) + "\n";
      write_bytes(folder / name, ids);
    }
    fs::create_directory(folder / "pages");
    for (const std::string& name : files_in(folder)) {
      content[name] = fs::is_regular_file(folder / name) ? read_bytes(folder / name) : "";
    }
  }

  // Takes away what a run made.
  void clean() const {
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      if (!content.contains(entry.path().filename().string())) fs::remove_all(entry.path());
    }
  }

  // Refused as wrong usage, and no file is other than it was.
  void refused_whole(const Words& words, const Words& message) const {
    CAPTURE(words);
    refused(2, words, message);
    for (const auto& [name, bytes] : content) {
      CAPTURE(name);
      if (fs::is_regular_file(folder / name)) CHECK((read_bytes(folder / name) == bytes));
    }
  }

  std::map<std::string, std::string> content;
};

Words replaced(Words words, const std::string& from, const std::string& to) {
  std::replace(words.begin(), words.end(), from, to);
  return words;
}

TEST_CASE("the commands of the table work as they are") {
  const Files files;
  for (const Command& command : kCommands) {
    CAPTURE(command.words);
    const Outcome outcome = run(files.folder, with(command.words, {"--quiet"}));
    CAPTURE(outcome.err);
    CHECK(outcome.code == 0);
    for (const std::string& output : command.outputs) CHECK(fs::exists(files.folder / output));
    files.clean();
  }
}

TEST_CASE("the table knows every command and every option that names a file") {
  const Session session;
  std::set<std::string> commands;
  for (const Command& command : kCommands) commands.insert(command.words.front());
  const std::regex command_line(R"(^  ([a-z-]+)  +\S.*)");
  const std::regex option_line(R"(^ +(?:-([a-z]), )?--([a-z-]+) (FILE|MODEL|PATH|FOLDER|RATINGS)\b.*)");
  int found = 0;
  for (const std::string& line : lines_of(session.done({"--help"}).out)) {
    std::smatch match;
    if (!std::regex_match(line, match, command_line) || match[1] == "completion") continue;
    const std::string name = match[1];
    CAPTURE(name);
    CHECK(commands.contains(name));
    for (const std::string& help : lines_of(session.done({name, "--help"}).out)) {
      std::smatch option;
      if (!std::regex_match(help, option, option_line)) continue;
      ++found;
      CAPTURE(help);
      CHECK(std::any_of(kCommands.begin(), kCommands.end(), [&](const Command& command) {
        return command.words.front() == name &&
               (std::count(command.words.begin(), command.words.end(), "--" + option[2].str()) > 0 ||
                std::count(command.words.begin(), command.words.end(), "-" + option[1].str()) > 0);
      }));
    }
  }
  CHECK(found > 30);
}

TEST_CASE("an output that is an input is refused, whatever it is called, and the input stays as it was") {
  const Files files;
  fs::create_directory(files.folder / "sub");
  for (const Command& command : kCommands) {
    for (const std::string& output : command.outputs) {
      for (const std::string& input : command.inputs) {
        // Only a folder can take a folder's place.
        if (command.words.front() == "export" && command.suffixes.empty()) continue;
        const std::string absolute = files.folder / input;
        for (const std::string& name : {input, "sub/../" + input, absolute}) {
          files.refused_whole(replaced(command.words, output, name), {" would overwrite the input " + input});
        }
      }
    }
    for (const std::string& suffix : command.suffixes) {
      const std::string input = *command.inputs.begin();
      fs::copy_file(files.folder / input, files.folder / ("x" + suffix));
      Words words = replaced(command.words, input, "x" + suffix);
      files.refused_whole(replaced(words, *command.outputs.begin(), "x"), {" would overwrite the input x" + suffix});
      CHECK((read_bytes(files.folder / ("x" + suffix)) == files.content.at(input)));
    }
  }
}

TEST_CASE("a model is not replaced by the folder of its export") {
  const Files files;
  for (const char* format : {"npy", "csv"}) {
    const Outcome outcome = run(files.folder, {"export", "m", "--format", format, "-o", "m"});
    CHECK(outcome.code != 0);
    CHECK((read_bytes(files.folder / "m") == files.content.at("m")));
  }
}

TEST_CASE("two outputs that are one file are refused") {
  const Files files;
  for (const Command& command : kCommands) {
    for (const std::string& output : command.outputs) {
      for (const std::string& other : command.outputs) {
        if (output == other) continue;
        files.refused_whole(replaced(command.words, output, other), {" are the same file"});
        files.refused_whole(replaced(command.words, output, "./" + other), {" are the same file"});
      }
    }
  }
}

TEST_CASE("standard output is refused where a file is needed") {
  const Files files;
  // These print what others write.
  const std::set<std::string> printing{"predict", "recommend", "similar", "synth"};
  for (const Command& command : kCommands) {
    if (printing.contains(command.words.front())) continue;
    for (const std::string& output : command.outputs) {
      files.refused_whole(replaced(command.words, output, "-"), {" a f"});
    }
  }
}

TEST_CASE("standard input is read only once") {
  const Files files;
  // These are mapped or read by themselves, and "-" is no such file.
  const std::set<std::string> named{"config", "m", "network", "libmf", "ck"};
  for (const Command& command : kCommands) {
    for (const std::string& input : command.inputs) {
      for (const std::string& other : command.inputs) {
        if (input >= other || named.contains(input) || named.contains(other)) continue;
        files.refused_whole(replaced(replaced(command.words, input, "-"), other, "-"), {"is named more than once"});
      }
    }
  }
}

}  // namespace
}  // namespace odot::test
