// odot split: what it hands on is what it was given.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "cli/program.hpp"
#include "support/rating_files.hpp"

namespace odot::test {
namespace {

using testing::gzip;

Words sorted(Words lines) {
  std::ranges::sort(lines);
  return lines;
}

// The lines of both files.
Words handed_on(const Session& session, const Words& more = {}) {
  Words words{"split", "r", "--train", "a", "--test", "b", "--fraction", "0.3", "-q"};
  words.insert(words.end(), more.begin(), more.end());
  session.done(words);
  CHECK_FALSE(read_bytes(session.folder / "b").empty());
  return sorted(lines_of(read_bytes(session.folder / "a") + read_bytes(session.folder / "b")));
}

TEST_CASE("split gives ratings back as they were written") {
  const Session session;
  const Words texts{"123456789", "16777216", "16777217", "4.50", "+3", "0.1000000000000000055", "1e-7", "-0", "5E0"};
  std::string text;
  std::string with_header = "stars;user;item\r\n\r\n";
  Words expected;
  for (int user = 0; user < 12; ++user) {
    for (std::size_t k = 0; k < texts.size(); ++k) {
      const std::string pair = std::to_string(user) + ";" + std::to_string(k);
      text += pair + ";" + texts[k] + "\n";
      with_header += "\"" + texts[k] + "\";" + pair + "\r\n";
      expected.push_back(pair + ";" + texts[k]);
    }
  }
  for (const std::string& bytes : {text, with_header, gzip(text)}) {
    write_bytes(session.folder / "r", bytes);
    CHECK(handed_on(session) == sorted(expected));
  }
  // Averages are written nowhere.
  write_bytes(session.folder / "r", text + "0;0;1\n");
  CHECK(handed_on(session, {"--duplicates", "mean"}).size() == expected.size());
}

TEST_CASE("split reads again whatever could be read") {
  const Session session;
  const std::string mark = "\xef\xbb\xbf";
  std::string half = "stars;user;item;said\n";
  std::string other;
  Words expected;
  for (int user = 0; user < 12; ++user)
    for (int item = 0; item < 9; ++item) {
      const std::string pair = std::to_string(user) + ";" + std::to_string(item);
      (user < 6 ? half : other) += "4.50;" + pair + ";\"so\n1;2;3;x\n\"\n";
      expected.push_back(pair + ";4.50");
    }
  write_bytes(session.folder / "r", mark + half + mark + other);
  CHECK(handed_on(session) == sorted(expected));
  // A part without ratings is left out the second time as well.
  write_bytes(session.folder / "none", "stars;user;item;said\n");
  write_bytes(session.folder / "void", "");
  session.done({"split", "none", "r", "void", "--train", "c", "--test", "d", "--fraction", "0.3", "-q"});
  CHECK(read_bytes(session.folder / "c") == read_bytes(session.folder / "a"));
  CHECK(read_bytes(session.folder / "d") == read_bytes(session.folder / "b"));
}

}  // namespace
}  // namespace odot::test
