// What the subcommands share: how they are called, how they fail, where their results go.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace odot::cli {

using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;

/// Exit codes of the program.
enum ExitCode { kDone = 0, kBadData = 1, kWrongUsage = 2, kInterrupted = 130 };

/// Wrong usage: an unknown option, a value out of range, options that contradict each other.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A subcommand; run() gets what follows its name and returns an exit code.
struct Command {
  const char* name;
  const char* summary;
  int (*run)(const Arguments& arguments);
};

int run_convert(const Arguments& arguments);
int run_train(const Arguments& arguments);
int run_cv(const Arguments& arguments);
int run_tune(const Arguments& arguments);
int run_evaluate(const Arguments& arguments);
int run_predict(const Arguments& arguments);
int run_recommend(const Arguments& arguments);
int run_similar(const Arguments& arguments);
int run_fold_in(const Arguments& arguments);
int run_split(const Arguments& arguments);
int run_synth(const Arguments& arguments);
int run_info(const Arguments& arguments);

/// Writes to standard error; that nobody may be able to read it is no reason to fail.
void log(const std::string& text);

/// Prints one JSON object to standard output.
void print_json(const Json& json);

/// A finite number as itself, anything else as null.
Json number_or_null(double value);

}  // namespace odot::cli
