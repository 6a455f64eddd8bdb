// Wrong usage: exit code 2, a message that helps, nothing read and nothing written.
#include "program.hpp"

namespace odot::test {
namespace {

struct Wrong {
  Words words;
  Words message;
};

void check_wrong(const TemporaryFolder& folder, const Wrong& wrong) {
  CAPTURE(wrong.words);
  const Words before = files_in(folder);
  const Outcome outcome = run(folder, wrong.words);
  CAPTURE(outcome.err);
  CHECK(outcome.code == 2);
  CHECK(outcome.out == "");
  CHECK(files_in(folder) == before);
  check_has(outcome.err, wrong.message);
  // Not a word about the files: the mistake was found before any work.
  CHECK(outcome.err.find(" lines, ") == std::string::npos);
}

TEST_CASE("commands and options that there are not") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  for (const Wrong& wrong : std::vector<Wrong>{
           {{}, {"Usage: odot COMMAND", "train", "evaluate", "predict", "split", "synth", "info", "--help"}},
           {{"trian", "r"}, {"unknown command 'trian'; did you mean train?", "`odot --help`"}},
           {{"fit", "r"},
            {"unknown command 'fit'",
             "train, cv, tune, evaluate, predict, recommend, similar, fold-in, export, import, split, convert, synth, "
             "info, "
             "completion, man"}},
           {{"help", "evalute"}, {"unknown command 'evalute'; did you mean evaluate?"}},
           {{"train", "r", "--ranc", "3"}, {"unknown option --ranc; did you mean --rank?", "`odot train --help`"}},
           {{"train", "r", "--iter", "3"}, {"unknown option --iter; did you mean --iterations?"}},
           {{"train", "r", "-z"}, {"unknown option -z"}},
           {{"predict", "m", "r", "--duplicates", "last"}, {"unknown option --duplicates"}},
           {{"train", "r", "--rank"}, {"--rank", "argument", "missing"}},
           {{"train", "r", "--rank", "3", "-k", "4"}, {"--rank is given more than once"}},
           {{"train", "r", "--json=yes"}, {"--json", "does not take any arguments"}}}) {
    check_wrong(folder, wrong);
  }
}

TEST_CASE("names of files that are empty, as unset variables give them") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  for (const Wrong& wrong : std::vector<Wrong>{{{"train", "r", "--checkpoint", ""}, {"--checkpoint is empty"}},
                                               {{"train", "r", "--resume", ""}, {"--resume is empty"}},
                                               {{"train", "r", "-o", ""}, {"--output is empty"}},
                                               {{"train", ""}, {"one of RATINGS... is empty"}},
                                               {{"recommend", "m", "--exclude", ""}, {"--exclude is empty"}},
                                               {{"split", "r", "--train", "a", "--test", ""}, {"--test is empty"}},
                                               {{"man", "--all", ""}, {"--all is empty"}}}) {
    check_wrong(folder, wrong);
  }
}

TEST_CASE("missing and superfluous arguments") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  for (const Wrong& wrong :
       std::vector<Wrong>{{{"train"}, {"missing arguments: RATINGS"}},
                          {{"evaluate"}, {"missing arguments: MODEL RATINGS"}},
                          {{"evaluate", "m"}, {"expected MODEL RATINGS..., found only 'm'"}},
                          {{"predict", "m"}, {"expected MODEL PAIRS..., found only 'm'"}},
                          {{"split", "--train", "a", "--test", "b"}, {"missing arguments: RATINGS"}},
                          {{"split", "r", "--test", "b"}, {"--train FILE is missing"}},
                          {{"split", "r", "--train", "a"}, {"--test FILE is missing"}},
                          {{"synth"}, {"-o FILE is missing"}},
                          {{"synth", "-o", "s", "r"}, {"unexpected argument 'r'"}},
                          {{"info"}, {"missing arguments: FILE"}},
                          {{"train", "-", "-"}, {"standard input (-) is named more than once"}},
                          {{"train", "-", "--valid", "-"}, {"standard input (-) is named more than once"}}}) {
    check_wrong(folder, wrong);
  }
}

TEST_CASE("values that cannot be") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const auto train = [&](const Words& options, const Words& message) {
    Words words{"train", "r", "-o", "m", "--trace", "t"};
    words.insert(words.end(), options.begin(), options.end());
    check_wrong(folder, {words, message});
  };
  train({"--rank", "0"}, {"--rank is '0', but must be a whole number from 1 to 1024"});
  train({"-k", "1025"}, {"--rank is '1025'"});
  train({"--rank", "abc"}, {"--rank is 'abc'"});
  train({"--rank", "2.5"}, {"--rank is '2.5'"});
  train({"--lambda", "-1"}, {"--lambda is '-1', but must be a number ≥ 0"});
  train({"--lambda=nan"}, {"--lambda is 'nan'"});
  for (const std::string value : {"0", "1", "2", "-0.1", "x"}) {
    train({"--holdout", value}, {"--holdout is '" + value + "', but must be a number above 0 and below 1"});
  }
  train({"--iterations", "-3"}, {"--iterations is '-3'"});
  train({"--threads", "two"}, {"--threads is 'two', but must be a whole number from 0 to"});
  train({"--seed", "-1"}, {"--seed is '-1'"});
  train({"--tolerance", "2"}, {"--tolerance is '2', but must be a number from 0 to 1"});
  train({"--time-limit", "-1"}, {"--time-limit is '-1'"});
  train({"--method", "magic"}, {"unknown method 'magic'"});
  train({"--optimizer", "adma"}, {"unknown optimizer 'adma'", "adam", "lbfgs"});
  train({"--line-search", "wolfe"}, {"unknown line search 'wolfe'", "weak-wolfe", "strong-wolfe"});
  train({"--lambda-per-rating", "-1"}, {"--lambda-per-rating is '-1', but must be a number ≥ 0"});
  train({"--line-search", "armijo", "--c1", "3"}, {"--c1 is '3', but must be a number > 0 and < 1"});
  train({"--line-search", "constant", "--step", "big"}, {"--step is 'big', but must be", "auto"});
  train({"--optimizer", "lbfgs", "--memory", "1.5"}, {"--memory is '1.5', but must be a whole number"});
  train({"--duplicates", "both"}, {"--duplicates is 'both', but must be first, last or mean"});
  train({"--columns", "1,2"}, {"--columns is '1,2', but must name three columns"});
  train({"--columns", "0,1,2"}, {"--columns has a 0, but columns are counted from 1"});
  train({"--separator", ""}, {"--separator is empty"});
  check_wrong(folder, {{"split", "r", "--train", "a", "--test", "b", "--fraction", "1"}, {"--fraction is '1'"}});
  check_wrong(folder, {{"synth", "-o", "s", "--users", "0"}, {"--users is '0'"}});
  check_wrong(folder, {{"synth", "-o", "s", "--users", "3", "--items", "3"}, {"users × items = 9"}});
  check_wrong(folder, {{"synth", "-o", "s", "--lowest", "4", "--highest", "3"}, {"no rating lies between 4 and 3"}});
}

TEST_CASE("options that contradict each other or are not used") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  for (const Wrong& wrong : std::vector<Wrong>{
           {{"train", "r", "--momentum", "0.5", "--optimizer", "lbfgs", "-o", "m"},
            {"--momentum is used neither by the optimizer lbfgs nor by the line search exact", "heavy-ball, nesterov"}},
           {{"train", "r", "--c1", "0.1", "--line-search", "exact", "-o", "m"},
            {"--c1 is used neither", "armijo, weak-wolfe, strong-wolfe"}},
           {{"train", "r", "--line-search", "weak-wolfe", "--c1", "0.9", "--c2", "0.1"}, {"--c1", "smaller than c2"}},
           {{"train", "r", "--valid", "r", "--holdout", "0.1"}, {"--valid and --holdout contradict each other"}},
           {{"train", "r", "--biases", "--no-biases"}, {"--biases and --no-biases contradict each other"}},
           {{"train", "r", "--header", "--no-header"}, {"--header and --no-header contradict each other"}},
           {{"evaluate", "m", "r", "--clip", "--no-clip"}, {"--clip and --no-clip contradict each other"}},
           {{"train", "r", "--no-header", "--columns", "a,b,c"}, {"--columns has names, which need a header line"}},
           {{"predict", "m", "r", "--json"},
            {"--json and predictions cannot both go to standard output: give -o FILE"}},
           {{"synth", "-o", "-", "--json"}, {"cannot both go to standard output"}}}) {
    check_wrong(folder, wrong);
  }
}

TEST_CASE("outputs that are one file, or one of the inputs, under any spelling") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  write_bytes(folder / "v", "1,1,3\n");
  write_bytes(folder / "c", "rank = 2\n");
  std::filesystem::create_symlink("r", folder / "link");
  const std::string absolute = folder / "a";
  for (const Wrong& wrong : std::vector<Wrong>{
           {{"split", "r", "--train", "a", "--test", "a"}, {"are the same file"}},
           {{"split", "r", "--train", "a", "--test", "./a"}, {"--train a and --test ./a are the same file"}},
           {{"split", "r", "--train", "a", "--test", absolute}, {"are the same file"}},
           {{"split", "r", "--train", "r", "--test", "b"}, {"--train r would overwrite the input r"}},
           {{"split", "r", "--train", "a", "--test", "link"}, {"--test link would overwrite the input r"}},
           {{"train", "r", "-o", "a", "--trace", "./a"}, {"-o a and --trace ./a are the same file"}},
           {{"train", "r", "-o", "./r"}, {"-o ./r would overwrite the input r"}},
           {{"train", "r", "--trace", "r"}, {"--trace r would overwrite the input r"}},
           {{"train", "r", "--valid", "v", "-o", "v"}, {"-o v would overwrite the input v"}},
           {{"train", "r", "--config", "c", "-o", "c"}, {"-o c would overwrite the input c"}},
           {{"predict", "m", "r", "-o", "r"}, {"-o r would overwrite the input r"}},
           {{"train", "r", "-o", "-"}, {"-o needs a file"}},
           {{"train", "r", "--trace", "-"}, {"--trace needs a file"}},
           {{"split", "r", "--train", "-", "--test", "b"}, {"--train must be a file"}}}) {
    check_wrong(folder, wrong);
  }
  CHECK((read_bytes(folder / "r") == small_ratings()));
}

TEST_CASE("mistakes in a --config file") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const auto config = [&](const std::string& text, const Words& message) {
    write_bytes(folder / "c", text);
    check_wrong(folder, {{"train", "r", "--config", "c", "-o", "m"}, message});
  };
  config("ranc = 3\n", {"c: unknown option ranc; did you mean rank?"});
  config("rank = many\n", {"--rank is 'many'"});
  config("rank = 3\nrank = 4\n", {"c: ", "rank is given more than once"});
  config("just words\n", {"c: found the line 'just words', expected NAME = VALUE"});
  config("biases = perhaps\n", {"c: biases is 'perhaps', but must be true or false"});
  config("config = d\n", {"c: unknown option config"});
  // A file that cannot be read is no wrong usage, but an error all the same.
  for (const std::string name : {"none", "."}) {
    const Outcome outcome = run(folder, {"train", "r", "--config", name, "-o", "m"});
    CHECK(outcome.code == 1);
    check_has(outcome.err, {"cannot read --config " + name});
  }
}

TEST_CASE("every manual page says what exit codes mean") {
  const TemporaryFolder folder;
  REQUIRE(run(folder, {"man", "--all", "."}).code == 0);
  std::size_t pages = 0;
  for (const std::string& name : files_in(folder)) {
    CAPTURE(name);
    ++pages;
    const std::string page = read_bytes(folder / name);
    check_has(page.substr(std::min(page.find(".SH EXIT STATUS"), page.size())), {"130", "interrupted"});
  }
  CHECK(pages == 17);
}

}  // namespace
}  // namespace odot::test
