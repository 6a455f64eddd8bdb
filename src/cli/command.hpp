// What the subcommands share: how they are called, how they fail, where their results go.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "odot/core/error.hpp"

namespace odot::cli {

using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;

class Options;

/// Exit codes of the program.
enum ExitCode { kDone = 0, kBadData = 1, kWrongUsage = 2, kInterrupted = 130 };

/// Wrong usage: an unknown option, a value out of range, options that contradict each other.
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(message, ErrorKind::usage) {}
};

/// What to print of an error: a setting that the library complains of is an option here.
std::string message_of(const Error& error);

/// A subcommand.
struct Command {
  const char* name;
  const char* summary;
  Options (*declare)();                    ///< its options
  int (*run)(const Arguments& arguments);  ///< gets what follows its name, returns an exit code
};

/// All subcommands, in the order of the overview.
std::span<const Command> commands();

/// The subcommand of that name. Throws UsageError that names the nearest.
const Command& find_command(const std::string& name);

/// What `odot --help` prints.
std::string overview();

Options declare_train();
int run_train(const Arguments& arguments);
Options declare_cv();
int run_cv(const Arguments& arguments);
Options declare_tune();
int run_tune(const Arguments& arguments);
Options declare_evaluate();
int run_evaluate(const Arguments& arguments);
Options declare_predict();
int run_predict(const Arguments& arguments);
Options declare_recommend();
int run_recommend(const Arguments& arguments);
Options declare_similar();
int run_similar(const Arguments& arguments);
Options declare_fold_in();
int run_fold_in(const Arguments& arguments);
Options declare_split();
int run_split(const Arguments& arguments);
Options declare_convert();
int run_convert(const Arguments& arguments);
Options declare_synth();
int run_synth(const Arguments& arguments);
Options declare_info();
int run_info(const Arguments& arguments);
Options declare_export();
int run_export(const Arguments& arguments);
Options declare_import();
int run_import(const Arguments& arguments);
Options declare_completion();
int run_completion(const Arguments& arguments);
Options declare_man();
int run_man(const Arguments& arguments);

/// Writes to standard error; that nobody may be able to read it is no reason to fail.
void log(const std::string& text);

/// Prints one JSON object to standard output.
void print_json(const Json& json);

/// A finite number as itself, anything else as null.
Json number_or_null(double value);

}  // namespace odot::cli
