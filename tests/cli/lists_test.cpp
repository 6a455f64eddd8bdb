// Lists where people write lists, titles where they write titles, and JSON wherever figures are printed.
#include "effects.hpp"

namespace odot::test {
namespace {

struct Prepared : Session {
  Prepared() {
    write_bytes(folder / "r", small_ratings());
    write_bytes(folder / "a", "1,1,3\n1,2,4\n2,1,5\n");
    write_bytes(folder / "b", "1,3,2\n2,4,2\n");
    write_bytes(folder / "titles", "1::One\n2::Two, Too (1999)\n3::Same\n4::same\n5::Five\n");
    done({"train", "r", "-o", "m", "-q", "--rank", "4"});
  }
  std::string out(const std::string& words) const { return done(words_of(words)).out; }
};

TEST_CASE("words behind an option that may be given several times are more of its values") {
  const Prepared prepared;
  const std::string expected = prepared.out("recommend m -q --user 1 --user 2 --exclude a --exclude b");
  CHECK(prepared.out("recommend m -q --user 1 2 --exclude a b") == expected);
  CHECK(prepared.out("recommend --exclude a b --user 1 2 m -q") == expected);
  CHECK(prepared.out("recommend -x a b -u 1 2 m -q") == expected);
  CHECK(prepared.out("recommend m -q --user 1,2 -x a b") == expected);
  CHECK(prepared.out("similar m -q --item 1 2") == prepared.out("similar m -q --item 1,2"));
  CHECK(prepared.out("evaluate --exclude a m r --top 5 --json") ==
        prepared.out("evaluate m r --exclude a --top 5 --json"));
  // Where there may be any number of arguments, it could be either.
  prepared.refused(2, words_of("evaluate m r --top 5 --exclude a b"),
                   {"'b' behind --exclude could be one more of it", "write --exclude b"});
}

TEST_CASE("ids with commas between are several, unless that is an id") {
  const Prepared prepared;
  CHECK(prepared.out("recommend m -q --user 2,3,4") == prepared.out("recommend m -q --user 2 --user 3 --user 4"));
  CHECK(prepared.out("similar m -q --user 2,3") == prepared.out("similar m -q --user 2 --user 3"));
  prepared.refused(1, words_of("recommend m -q --user 2,nobody"), {"found no user \"nobody\" in the model"});
  prepared.refused(1, words_of("recommend m -q --user 2,"), {"found no user \"\" in the model"});
  write_bytes(prepared.folder / "r2", small_ratings() + "\"2,3\",1,5\n\"2,3\",2,1\n");
  prepared.done(words_of("train r2 -o m2 -q --rank 2"));
  CHECK(lines_of(prepared.out("recommend m2 -q --user 2,3 --format jsonl")).size() == 1);
}

TEST_CASE("evaluate measures lists of several lengths") {
  const Prepared prepared;
  const Json both = Json::parse(prepared.out("evaluate m r --exclude a --top 3,7 --json -q"));
  CHECK(both["top"] == Json{3, 7});
  std::size_t k = 0;
  for (const std::string top : {"3", "7"}) {
    const Json one = Json::parse(prepared.out("evaluate m r --exclude a --json -q --top " + top));
    CHECK(one["top"] == std::stoi(top));
    for (const char* key : {"hit_rate", "precision", "recall", "ndcg", "map", "item_coverage"}) {
      CAPTURE(key);
      CHECK(both[key][k] == one[key]);
      CHECK(both["baselines"]["popularity"][key][k] == one["baselines"]["popularity"][key]);
    }
    CHECK(both["auc"] == one["auc"]);
    ++k;
  }
  check_has(prepared.out("evaluate m r --top 3,7 -q"), {"hit rate at 3 ", "hit rate at 7 ", "MAP at 7 ", "\nAUC "});
  for (const std::string wrong : {"0", "3,", ",3", "3,x", "3,,7", "1.5"}) {
    prepared.refused(2, {"evaluate", "m", "r", "--top", wrong}, {"--top is '" + wrong + "'", "several with commas"});
  }
}

TEST_CASE("items are named by their titles where there are titles") {
  const Prepared prepared;
  const std::string expected = prepared.out("similar m -q --item 2 --items titles");
  CHECK(prepared.done({"similar", "m", "-q", "--items", "titles", "--item", "Two, Too (1999)"}).out == expected);
  CHECK(prepared.done({"similar", "m", "-q", "--items", "titles", "--item", "two, too (1999)"}).out == expected);
  CHECK(prepared.out("similar m -q --items titles --item One,Five") ==
        prepared.out("similar m -q --items titles --item 1,5"));
  prepared.refused(1, words_of("similar m -q --items titles --item same"),
                   {"found 2 items with the title", "\"3\", \"4\""});
  prepared.refused(1, words_of("similar m -q --items titles --item Nine"),
                   {"found no item \"Nine\"", "none of the titles"});
  prepared.refused(1, words_of("similar m -q --item One"), {"found no item \"One\"", "--items FILE"});
}

TEST_CASE("fold-in shows titles beside the items it recommends") {
  const Prepared prepared;
  write_bytes(prepared.folder / "new", "new,7,5\nnew,8,1\n");
  check_has(prepared.out("fold-in m new --top 20 --item-titles titles -q"), {"  Five\n", "  Two, Too (1999)\n"});
  const Json list = Json::parse(prepared.out("fold-in m new --top 20 --item-titles titles --format jsonl -q"));
  CHECK(list["items"][0].contains("title"));
  CHECK(prepared.out("fold-in m new --top 20 --item-titles titles --titles 2,1 -q").find("Five") == std::string::npos);
  prepared.refused(2, words_of("fold-in m new -o o --item-titles titles"),
                   {"--item-titles is of no use without --top N"});
  prepared.refused(2, words_of("fold-in m new --top 3 --titles 1,2"), {"without --item-titles FILE"});
  prepared.refused(2, words_of("fold-in m new --top 3 --items titles"), {"--item-titles FILE"});
}

TEST_CASE("--json wherever figures are printed, and numbers in it are numbers") {
  const Prepared prepared;
  CHECK(prepared.out("recommend m -q --user 1,2 --json") == prepared.out("recommend m -q --user 1,2 --format jsonl"));
  CHECK(prepared.out("similar m -q --item 1 --json") == prepared.out("similar m -q --item 1 --format jsonl"));
  CHECK(prepared.out("similar m -q --item 1 --json --format jsonl") == prepared.out("similar m -q --item 1 --json"));
  prepared.refused(2, words_of("recommend m --json --format csv"), {"--json and --format csv contradict each other"});
  for (const std::string format : {"csv", "npy", "libmf"}) {
    const Json report = Json::parse(prepared.out("export m --format " + format + " -q --json -o out-" + format));
    CHECK(report["format"] == format);
    CHECK(report["users"] == 30);
    CHECK(report["items"] == 20);
    if (format != "npy") CHECK(report["rank"] >= 4);
  }
  const Json imported = Json::parse(prepared.out("import out-libmf -o m3 -q --json"));
  CHECK(imported["users"] == 30);
  CHECK(imported["rank"] >= 4);
  prepared.done(words_of("train r -o m4 -q --rank 3 --method blocks --lambda 0.25 --seed 7 --holdout 0.2 -t 2"));
  const Json settings = Json::parse(prepared.out("info m4 --json"))["settings"];
  CHECK(settings["rank"] == 3);
  CHECK(settings["lambda"] == 0.25);
  CHECK(settings["seed"] == 7);
  CHECK(settings["holdout"] == 0.2);
  CHECK(settings["method"] == "blocks");
  CHECK(settings["biases"] == true);
  const Json best = Json::parse(prepared.out("tune r --rank 2,3 --lambda 0.5..2 --trials 2 -t 2 -q --json --log log"));
  CHECK(best["point"]["rank"].is_number_integer());
  CHECK(best["point"]["lambda"].is_number());
}

}  // namespace
}  // namespace odot::test
