// Every option of the commands that do not search or train has its effect.
#include "effects.hpp"

namespace odot::test {
namespace {

// Models of the ratings r.csv; `loose` predicts far beyond them.
void train_models(Lab& lab) {
  lab.prepare(words_of("train r.csv -q -t 9 --rank 4 --lambda 0.2 -o model"));
  lab.prepare(words_of("train r.csv -q -t 9 --rank 4 --lambda 0 --tolerance 0 --no-clip -o loose"));
  lab.prepare(words_of("train r.csv -q -t 9 --rank 4 --method variational -o sure"));
  lab.prepare(words_of("train r.csv -q -t 4 --rank 4 --method variational --likelihood ordinal -o coarse"));
  lab.prepare(words_of("train r.csv -q -t 2 --method mlp --users users.csv --items items.csv --layers 5 -o network"));
  lab.prepare(words_of("train r.csv -q -t 3 --rank 4 --method variational --users users.csv -o featured"));
  lab.write("40", "user_id,age,sex\n40,90,F\n");
  lab.write("strangers.csv", "77,1,3\n77,2,2\n5,99,4\n");
  lab.write("77", "user_id,age,sex\n77,90,F\n");
  lab.write("99", "item_id,kind\n99,film\n");
  lab.write("two", "3\n5\n");
  lab.write("titles", "3,Third,Drei\n5,Fifth,Fünf\n");
  lab.write("new.csv", "40,1,5\n40,2,1\n40,3,4\n41,3,2\n41,9,5\n");
  lab.write("items.new", "1,40,5\n2,40,1\n3,40,4\n4,5,5\n");
}

std::vector<Effect> with(std::vector<Effect> effects, const std::vector<Effect>& more) {
  effects.insert(effects.end(), more.begin(), more.end());
  return effects;
}

Effect quiet(const std::string& base) { return {"quiet", base, "--quiet", "err"}; }
Effect help(const std::string& base) { return {"help", base, "--help", "out"}; }

// Of what is listed.
std::vector<Effect> listing(const std::string& base) {
  return {{"top", base, "--top 2", "out"},
          {"format", base, "--format csv", "out"},
          {"format", base, "--format jsonl", "out"},
          {"json", base, "--json", "out"},
          {"output", base, "--output o", "o"},
          {"items", base, "--items titles", "out"},
          {"titles", base + " --items titles", "--titles 1,3", "out"},
          help(base)};
}

TEST_CASE("every option of the commands that use a model") {
  Lab lab;
  train_models(lab);
  lab.check_all("evaluate",
                with(reading_effects("model --json", "out:rmse"),
                     {{"json", "model r.csv", "--json", "out"},
                      {"clip", "loose r.csv --json", "--clip", "out:rmse"},
                      {"no-clip", "model r.csv --json", "--no-clip", "out:rmse"},
                      {"interval", "sure r.csv --json", "--interval 0.5", "out:coverage"},
                      {"memory-limit", "model r.csv", "--memory-limit no", "refused"},
                      {"top", "model r.csv", "--top 3", "out"},
                      {"exclude", "model r.csv --top 3", "--exclude half.csv", "out"},
                      {"relevant", "model r.csv --top 3", "--relevant 4", "out"},
                      {"users", "network strangers.csv", "--users 77", "out"},
                      {"items", "network strangers.csv", "--items 99", "out"},
                      quiet("model r.csv"),
                      help("model r.csv")}),
                {"threads"});
  lab.check_all(
      "predict",
      with(reading_effects("model", "out", true), {{"output", "model r.csv", "--output o", "o"},
                                                   {"json", "model r.csv -o o", "--json", "out"},
                                                   {"clip", "loose r.csv", "--clip", "out"},
                                                   {"no-clip", "model r.csv", "--no-clip", "out"},
                                                   {"sd", "sure r.csv", "--sd", "out"},
                                                   {"interval", "sure r.csv", "--interval 0.5", "out"},
                                                   {"probabilities", "coarse r.csv", "--probabilities", "out"},
                                                   {"users", "network strangers.csv", "--users 77", "out"},
                                                   {"items", "network strangers.csv", "--items 99", "out"},
                                                   quiet("model r.csv"),
                                                   help("model r.csv")}),
      {"threads"});
  std::vector<Effect> reading = reading_effects("model --top 20 --exclude", "out", true);
  // What is left out does not show users that nobody knows.
  reading.back().where = "err";
  lab.check_all("recommend",
                with(with(reading, listing("model")), {{"user", "model", "--user 7", "out"},
                                                       {"users", "model", "--users two", "out"},
                                                       {"exclude", "model", "--exclude half.csv", "out"},
                                                       {"only", "model", "--only two", "out"},
                                                       {"by", "sure", "--by upper", "out"},
                                                       {"by", "sure", "--by lower", "out", "--by sample"},
                                                       {"seed", "sure --by sample", "--seed 2", "out"},
                                                       quiet("model --exclude r.csv")}),
                {"threads"});
  lab.check_all("similar",
                with(listing("model --item 3"), {{"item", "model", "--item 3", "out", "--item 4"},
                                                 {"user", "model", "--user 7", "out", "--user 8"},
                                                 {"metric", "model --item 3", "--metric dot", "out"},
                                                 {"quiet", "model --item 3", "--quiet", "=err"}}),
                {"threads"});
  lab.check_all("fold-in",
                with(reading_effects("model --update -o m", "model"),
                     {{"items", "model items.new --update -o m", "--items", "model"},
                      {"update", "model half.csv -o m", "--update", "works"},
                      {"features", "featured new.csv -o m", "--features 40", "model"},
                      {"lambda", "model new.csv -o m", "--lambda 3", "model"},
                      {"lambda-per-rating", "model new.csv -o m", "--lambda-per-rating 3", "model"},
                      {"output", "model new.csv --top 2", "--output m", "m"},
                      {"top", "model new.csv -o m", "--top 2", "out"},
                      {"format", "model new.csv --top 2", "--format csv", "out"},
                      {"format", "model new.csv --top 2", "--format jsonl", "out"},
                      {"item-titles", "model new.csv --top 20", "--item-titles titles", "out"},
                      {"titles", "model new.csv --top 20 --item-titles titles", "--titles 1,3", "out"},
                      {"json", "model new.csv -o m", "--json", "out"},
                      quiet("model new.csv -o m"),
                      help("model new.csv -o m")}),
                {"threads"});
}

TEST_CASE("every option of the commands that read and write models and ratings") {
  Lab lab;
  train_models(lab);
  lab.prepare(words_of("export model --format libmf -o libmf"));
  std::string users, items;
  for (int k = 0; k <= 30; ++k) users += "u" + std::to_string(k) + "\n";
  for (int k = 0; k <= 20; ++k) items += "i" + std::to_string(k) + "\n";
  lab.write("user_ids", users);
  lab.write("item_ids", items);
  lab.check_all("export",
                {{"format", "model -o o", "--format csv", "o", "--format npy"},
                 {"format", "model -o o", "--format libmf", "o", "--format npy"},
                 {"output", "model --format libmf", "--output o", "o", "--output other"},
                 {"json", "model --format libmf -o o", "--json", "out"},
                 quiet("model --format libmf -o o"),
                 help("model --format libmf -o o")},
                {"threads"});
  lab.check_all("import",
                {{"users", "libmf -o o", "--users user_ids", "o"},
                 {"items", "libmf -o o", "--items item_ids", "o"},
                 {"output", "libmf", "--output o", "o", "--output other"},
                 {"json", "libmf -o o", "--json", "out"},
                 quiet("libmf -o o"),
                 help("libmf -o o")},
                {"threads"});
  lab.check_all("convert",
                with(reading_effects("-o o", "o"), {{"output", "r.csv", "--output o", "o", "--output other"},
                                                    {"memory-limit", "r.csv -o o", "--memory-limit no", "refused"},
                                                    {"json", "r.csv -o o", "--json", "out"},
                                                    quiet("r.csv -o o"),
                                                    help("r.csv -o o")}),
                {"threads"});
  lab.check_all("info",
                with(reading_effects("", "out"), {{"json", "r.csv", "--json", "out"}, quiet("r.csv"), help("r.csv")}),
                {"threads"});
}

TEST_CASE("every option of split") {
  Lab lab;
  // Users and items have several ratings each, so that some can be held out, however the files are read.
  std::string tabs;
  std::string numbers;
  for (int user = 1; user <= 5; ++user) {
    for (int item = 1; item <= 4; ++item) {
      const std::string rating = std::to_string(1 + user * item % 5);
      tabs += std::to_string(user) + "\t" + std::to_string(item) + "\t" + rating + "\ta note\n";
      numbers += std::to_string(user) + "," + std::to_string(item) + "," + rating + "\n";
    }
  }
  lab.write("tabs", tabs);
  lab.write("numbers", numbers);
  lab.write("names", "user,item,rating\n" + numbers);
  lab.write("twice", numbers + "1,1,5\n1,2,5\n2,2,1\n3,1,1\n");
  lab.check_all("split",
                with(reading_effects("--train a --test b -q --fraction 0.4", "a"),
                     {{"fraction", "r.csv --train a --test b", "--fraction 0.3", "b"},
                      {"seed", "r.csv --train a --test b", "--seed 2", "b"},
                      {"train", "r.csv --test b", "--train a", "a", "--train c"},
                      {"test", "r.csv --train a", "--test b", "b", "--test c"},
                      {"json", "r.csv --train a --test b", "--json", "out"},
                      quiet("r.csv --train a --test b"),
                      help("r.csv --train a --test b")}),
                {"threads"});
}

TEST_CASE("every option of the commands that read nothing") {
  Lab lab;
  const std::string size = "-o o --users 30 --items 20 --ratings 200";
  lab.check_all("synth",
                {{"users", "-o o --items 20 --ratings 200", "--users 31", "o", "--users 30"},
                 {"items", "-o o --users 30 --ratings 200", "--items 21", "o", "--items 20"},
                 {"ratings", "-o o --users 30 --items 20", "--ratings 201", "o", "--ratings 200"},
                 {"rank", size, "--rank 2", "o"},
                 {"mean", size, "--mean 3", "o"},
                 {"bias", size, "--bias 1", "o"},
                 {"factor", size, "--factor 1", "o"},
                 {"noise", size, "--noise 2", "o"},
                 {"round", size, "--round 1", "o"},
                 {"lowest", size, "--lowest 3", "o"},
                 {"highest", size, "--highest 3.5", "o"},
                 {"seed", size, "--seed 2", "o"},
                 {"output", "--users 30 --items 20 --ratings 200", "--output o", "o", "--output -"},
                 {"memory-limit", size, "--memory-limit no", "refused"},
                 {"separator", size, "--separator tab", "o"},
                 {"json", size, "--json", "out"},
                 quiet(size),
                 help(size)},
                {"threads"});
  lab.check_all("man",
                {{"all", "", "--all .", "odot-man.1", "man"}, {"quiet", "train", "--quiet", "=err"}, help("train")},
                {"threads"});
  lab.check_all("completion", {{"quiet", "bash", "--quiet", "=err"}, help("bash")}, {"threads"});
}

TEST_CASE("these are all commands") {
  Words commands;
  for (const std::string& line : lines_of(Session().done({"--help"}).out)) {
    if (line.starts_with("  ") && !line.starts_with("  odot ")) commands.push_back(words_of(line).at(0));
  }
  CHECK(commands == Words{"train", "cv", "tune", "evaluate", "predict", "recommend", "similar", "fold-in", "export",
                          "import", "split", "convert", "synth", "info", "completion", "man"});
}

}  // namespace
}  // namespace odot::test
