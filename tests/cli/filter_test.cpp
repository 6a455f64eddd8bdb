// odot predict of what comes through a pipe, and what it takes for a header.
#include <csignal>

#include "program.hpp"

namespace odot::test {
namespace {

struct Prepared : Session {
  Prepared() {
    write_bytes(folder / "r", small_ratings() + "user,item,3\nuser,1,2\n1,item,4\n\"Doe, J\",7,4\n\"a\nb\",7,2\n");
    done({"train", "r", "-o", "m", "-q", "--rank", "2"});
  }
};

TEST_CASE("lines of a pipe are answered as they come") {
  const Prepared prepared;
  const std::string out = prepared.folder / "out";
  const auto answered = [&] { return read_bytes(out).ends_with('\n'); };
  for (const std::string input : {"1,1\n", "user id,item id\n1,1\n", "\n1,1\n2,"}) {
    CAPTURE(input);
    write_bytes(out, "");
    const Outcome outcome =
        run(prepared.folder, {"predict", "m", "-", "-q"},
            {.input = input, .keep_input_open = true, .out_file = out, .ready = answered, .signals = {SIGINT}});
    CHECK(outcome.signal == SIGINT);
    CHECK(lines_of(read_bytes(out)).size() == 1);
    check_has(read_bytes(out), {"1,1,"});
  }
}

TEST_CASE("a pipe's predictions are those of a file, whatever its lines are like") {
  const Prepared prepared;
  const Words with_all{"--interval", "0.5", "--sd"};
  std::string many = "user;item\n";
  for (int k = 0; k < 8000; ++k) many += std::to_string(k % 40) + ";" + std::to_string(k % 23) + "\n";
  for (const std::string& pairs : {std::string("1,1\n2,2\n9,unknown\n"), std::string("1\t1\n2\t2"),
                                   std::string("item,user\n7,\"Doe, J\"\n"), std::string("7,1\r\n\r\n\"a\nb\",7\r\n"),
                                   std::string("\xEF\xBB\xBF"
                                               "1::1\n2::2\n"),
                                   std::string("sep=;\n1;1\n"), std::string("user,item\n1,1\n"), many}) {
    CAPTURE(pairs.substr(0, 40));
    write_bytes(prepared.folder / "pairs", pairs);
    Words file{"predict", "m", "pairs"};
    file.insert(file.end(), with_all.begin(), with_all.end());
    Words pipe = file;
    pipe[2] = "-";
    const Outcome of_file = prepared.done(file);
    const Outcome of_pipe = prepared.done(pipe, {.input = pairs});
    CHECK((of_pipe.out == of_file.out));
    check_has(of_pipe.err, {"standard input: ", "predicted "});
  }
}

TEST_CASE("a line of a pipe that is no pair is named by its number, after those before it are answered") {
  const Prepared prepared;
  const Outcome outcome = run(prepared.folder, {"predict", "m", "-"}, {.input = "1,1\n\n2,2\n3\n4,4\n"});
  CHECK(outcome.code == 1);
  check_has(outcome.err, {"standard input:4: found 1 column in \"3\""});
  const Outcome empty = run(prepared.folder, {"predict", "m", "-"}, {.input = ""});
  CHECK(empty.code == 1);
  check_has(empty.err, {"standard input: found an empty file"});
  const Outcome header = run(prepared.folder, {"predict", "m", "-"}, {.input = "user,movie\n"});
  CHECK(header.code == 1);
  check_has(header.err, {"found only a header line"});
}

TEST_CASE("a first line of ids that the model knows is a pair, whatever words they are") {
  const Prepared prepared;
  const auto predicted = [&](const std::string& pairs, const Words& more = {}) {
    write_bytes(prepared.folder / "pairs", pairs);
    Words words{"predict", "m", "pairs", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return lines_of(prepared.done(words).out).size();
  };
  CHECK(predicted("user,item\n1,1\n") == 2);
  CHECK(predicted("user,item\n") == 1);
  CHECK(predicted("user,1\n1,1\n") == 2);
  CHECK(predicted("1,item\n1,1\n") == 2);
  CHECK(predicted("1,1\nuser,item\n") == 2);
  CHECK(predicted("userid,item\n1,1\n") == 1);
  CHECK(predicted("item,user\n1,1\n") == 1);
  CHECK(predicted("user,item\n1,1\n", {"--header"}) == 1);
  CHECK(lines_of(prepared.done({"predict", "m", "-", "-q"}, {.input = "user,item\n1,1\n"}).out).size() == 2);
  // Pairs to leave out are read as pairs to predict are.
  write_bytes(prepared.folder / "seen", "user,item\n");
  const Outcome outcome = prepared.done({"recommend", "m", "--user", "user", "--exclude", "seen", "--top", "99"});
  check_has(outcome.err, {"to exclude: 1 pairs"});
}

TEST_CASE("factors whose products are no numbers give no predictions") {
  const Session session;
  write_bytes(session.folder / "absurd",
              "f 0\nm 2\nn 2\nk 2\nb 3\np0 T 1e38 1e38\np1 T 1 1\nq0 T 1e38 -1e38\nq1 T 1e38 1e38\n");
  session.done({"import", "absurd", "-o", "m", "-q"});
  write_bytes(session.folder / "pairs", "0,1\n1,1\n");
  session.refused(1, {"predict", "m", "pairs", "-q"}, {"factors are too large"});
}

}  // namespace
}  // namespace odot::test
