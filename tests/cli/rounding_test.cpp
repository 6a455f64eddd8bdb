// Ratings of unusual sizes: those that the program's precision cannot hold are told of, where it matters; figures have
// significant digits; and two runs do not write one trace.
#include <doctest/doctest.h>
#include <sys/file.h>

#include <cstdio>
#include <string>

#include "cli/program.hpp"

namespace odot::test {
namespace {

// 30 users of 20 items, whose ratings are BASE + 0, 1, …, 4 with these decimals.
std::string ratings_near(long base, const std::string& decimals = "") {
  std::string text;
  for (int user = 0; user < 30; ++user) {
    for (int item = 0; item < 20; ++item) {
      text += std::to_string(user) + "," + std::to_string(item) + "," +
              std::to_string(base + (user * item + user) % 5) + decimals + "\n";
    }
  }
  return text;
}

const Words kTrain{"train", "r", "--rank", "2", "--iterations", "2"};

std::string told(const Session& session, const std::string& text, const Words& words = kTrain) {
  write_bytes(session.folder / "r", text);
  return session.done(words).err;
}

TEST_CASE("training says how many ratings are rounded, with an example and what to do") {
  const Session session;
  // A float has all multiples of 8 here: 123456784, 123456792.
  check_has(told(session, ratings_near(123456788)),
            {"504 of 600 ratings are rounded by more than 0.0001 of their deviation 1.5", "in single precision",
             "the first from 123456788 to 123456784: subtract a constant such as 123456790 from",
             "or build odot with -DODOT_DOUBLE=ON"});
  check_has(told(session, ratings_near(16777216)), {"192 of 600 ratings", "the first from 16777217 to 16777216"});
  check_has(told(session, ratings_near(-16777220, ".75")), {"600 of 600 ratings", "from -16777220.75 to -16777220"});
  check_has(told(session, ratings_near(5000000, ".3")), {"600 of 600 ratings"});
  for (const Words& words :
       {Words{"cv", "r", "--folds", "2", "--rank", "2", "--iterations", "2"}, Words{"train", "r", "--holdout", "0.2"},
        Words{"tune", "r", "--rank", "2,3", "--trials", "2", "--no-halving"}}) {
    CAPTURE(words[0]);
    check_has(told(session, ratings_near(123456788), words), {"504 of 600 ratings are rounded"});
  }
  CHECK(session.done({"train", "r", "--rank", "2", "-q"}).err.empty());
}

TEST_CASE("rounding that cannot be seen is not told of") {
  const Session session;
  for (const auto& [base, decimals] : {std::pair{1L, ".1"}, std::pair{0L, ".7"}, std::pair{2000L, ".3"},
                                       std::pair{1000000L, ""}, std::pair{16777000L, ""}}) {
    CAPTURE(base);
    CHECK(told(session, ratings_near(base, decimals)).find("rounded") == std::string::npos);
  }
  // Equal ones are no more than rounded.
  std::string equal;
  for (int user = 0; user < 10; ++user) equal += std::to_string(user) + ",a,123456789\n";
  CHECK(told(session, equal).find("rounded") == std::string::npos);
}

TEST_CASE("where texts are gone, what is between the numbers of the precision is told of") {
  const Session session;
  const Words parts{"ratings near 123456792 are kept to the nearest 8 in single precision",
                    "what was between is rounded"};
  check_has(told(session, ratings_near(123456788), {"convert", "r", "-o", "r.odr"}), parts);
  check_has(session.done({"train", "r.odr", "--rank", "2", "--iterations", "2"}).err, parts);
  check_has(session.done({"split", "r.odr", "--train", "a", "--test", "b"}).err, parts);
  check_has(session.done({"train", "-", "--rank", "2", "--iterations", "2"}, {.input = ratings_near(123456788)}).err,
            parts);
  CHECK(session.done({"split", "r", "--train", "a", "--test", "b"}).err.find("rounded") == std::string::npos);
}

TEST_CASE("split gives ratings back from records over several lines and from joined files") {
  const Session session;
  std::string text;
  for (int user = 0; user < 10; ++user) {
    for (int item = 0; item < 6; ++item) {
      text += std::to_string(user) + "," + std::to_string(item) + ",16777217.50,\"two\nlines\"\n";
    }
    if (user == 4) text += "\xef\xbb\xbf";
  }
  write_bytes(session.folder / "r", text);
  session.done({"split", "r", "--train", "a", "--test", "b"});
  const std::string out = read_bytes(session.folder / "a") + read_bytes(session.folder / "b");
  std::size_t found = 0;
  for (std::size_t at = 0; (at = out.find(",16777217.50\n", at)) != std::string::npos; ++at) ++found;
  CHECK(found == 60);
}

TEST_CASE("ratings of any size: figures in significant digits, and a refusal that says what works") {
  const Session session;
  for (const std::string exponent : {"e30", "e-30"}) {
    CAPTURE(exponent);
    write_bytes(session.folder / "r", ratings_near(1, exponent));
    const Words options{"--method", "blocks", "--rank", "2", "--iterations", "5", "-q"};
    for (Words words : {Words{"train", "r", "-o", "m"}, Words{"cv", "r", "--folds", "2"}}) {
      words.insert(words.end(), options.begin(), options.end());
      const std::string out = session.done(words).out;
      check_has(out, {exponent == "e30" ? "e+29" : "e-31"});
      CHECK(out.find("0.0000") == std::string::npos);
    }
    for (const Words& words :
         {Words{"evaluate", "m", "r", "-q"}, Words{"evaluate", "m", "r", "-n", "3", "-x", "r", "-q"},
          Words{"recommend", "m", "--user", "1", "-q"}}) {
      CAPTURE(words.size());
      const std::string out = session.done(words).out;
      check_has(out, {exponent == "e30" ? "e+" : "e-3"});
      CHECK(out.find("00000000") == std::string::npos);
    }
    for (const std::string method : {"variational", "gibbs"}) {
      session.refused(
          1, {"train", "r", "--method", method, "-o", "v"},
          {"the ratings deviate by 1.5", method + " keeps variances", "fit single precision", "or --method blocks"});
    }
  }
}

TEST_CASE("two runs do not write into one trace") {
  const Session session;
  write_bytes(session.folder / "r", ratings_near(1));
  Words words = kTrain;
  words.insert(words.end(), {"--trace", "t"});
  session.done(words);
  const std::string before = read_bytes(session.folder / "t");
  std::FILE* other = std::fopen((session.folder / "t").c_str(), "a");
  REQUIRE(::flock(::fileno(other), LOCK_EX) == 0);
  session.refused(1, words, {"t: found another run at work that writes this trace", "give another --trace"});
  std::fclose(other);
  CHECK(read_bytes(session.folder / "t") == before);
  session.done(words);
  // Devices are nobody's.
  words.back() = "/dev/null";
  session.done(words);
}

}  // namespace
}  // namespace odot::test
