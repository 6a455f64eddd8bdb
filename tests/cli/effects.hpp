// Runs of the program without an option and with it, which must differ: the net that holds every option to its effect.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "program.hpp"

namespace odot::test {

/// What an option changes. Words are separated by blanks.
struct Effect {
  std::string option;     ///< without the dashes; of a pair --[no-]NAME each has its own
  std::string base;       ///< words of both runs
  std::string with;       ///< words of the run with the option
  std::string where;      ///< what must be different, for Lab::check()
  std::string without{};  ///< words of the other run, for options that it needs in another form
  int code = 0;           ///< exit code of both
};

/// Options of a command as `odot COMMAND --help` lists them, with the letter that is short for each, or 0.
std::map<std::string, char> options_of(const std::string& command);

Words words_of(const std::string& text);

/// Tensors of a safetensors file with their names, without the metadata, which record settings.
std::string tensors(const std::string& bytes);

/// Without seconds, memory and the number of threads, which need not be the same in two runs.
std::string timeless(const std::string& text);

/// A folder with what the runs read.
class Lab {
 public:
  /// Ratings, features and config files; models are for the tests to train.
  Lab();

  /// Trains models or makes other files for later runs, which they do not remove.
  void prepare(const Words& words);
  void write(const std::string& name, const std::string& text);

  /// Runs `command` with the words of `effect` and checks that `where` differs and nothing fails. `where` is
  /// - out, err: what is printed;
  /// - model: the tensors of the file m;
  /// - any other file that is written;
  /// - out:A, FILE:A: in the JSON objects printed or in the file, one a line or one in all, what their fields A hold;
  /// - refused: the run with the option ends with exit code 2 and names it, the run without does not;
  /// - fails: the run with the option ends with exit code 1, the run without does not;
  /// - works: the other way round;
  /// - =, followed by one of those above that name something: the option is accepted and does not change it.
  void check(const std::string& command, const Effect& effect);

  /// Like check() for all of them, and that they are of all options of the command but `elsewhere`.
  void check_all(const std::string& command, const std::vector<Effect>& effects,
                 const std::set<std::string>& elsewhere);

  /// That a config file says the same as the words of `effect` do, for commands that read one.
  void check_in_config(const std::string& command, const Effect& effect);

  Session session;

 private:
  std::string observe(const std::string& command, const std::string& words, const std::string& where, int code);
  const std::string& observe_base(const std::string& command, const std::string& words, const std::string& where,
                                  int code);
  void remove_leftovers();

  std::set<std::string> kept_;
  std::map<std::string, std::string> bases_;
};

/// Of the options that say how files of ratings are read; `before` are words of all runs, which end where the name of
/// such a file comes.
std::vector<Effect> reading_effects(const std::string& before, const std::string& where, bool pairs = false);

/// Of the options that train, cv and tune share, on the ratings r.csv, which are not among the words. `where` is empty
/// where the option decides the model, and otherwise what it decides: errors on held-out ratings ("figures"), what is
/// reported ("report"), or when training that measures on held-out ratings ("stopping") or any ("clock") ends.
std::vector<Effect> method_effects();

}  // namespace odot::test
