// LIBMF's model files as text: what is read from them, and what is refused.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "odot/core/error.hpp"
#include "odot/model/exchange.hpp"
#include "support/temporary_folder.hpp"

namespace odot {
namespace {

using test::TemporaryFolder;
using test::write_bytes;

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// As mf-train writes it.
const std::string kHeader = "f 0\nm 3\nn 2\nk 2\nb 3.5\n";
const std::string kRows = "p0 T 1 2 \np1 F 0 0 \np2 T -0.5 1e-3 \nq0 T 3 4 \nq1 T 0.25 8 \n";

TEST_CASE("LIBMF's text is read to the number, of every version") {
  const TemporaryFolder folder;
  const auto check = [&](const std::string& text, double constant) {
    CAPTURE(text);
    write_bytes(folder / "lm", text);
    const Factorization model = import_libmf(folder / "lm").model;
    CHECK(model.users.size() == 2);
    const Index zero = model.users.find("0");
    const Index two = model.users.find("2");
    REQUIRE(two != kUnknown);
    CHECK(model.users.find("1") == kUnknown);
    CHECK(model.predict(zero, 0) == 11);
    CHECK(model.predict(zero, 1) == 16.25);
    CHECK(model.predict(two, 0) == -1.5 + 4 * static_cast<double>(static_cast<Real>(1e-3)));
    CHECK(model.predict(kUnknown, 0) == constant);
    CHECK(model.predict(zero, kUnknown) == constant);
    CHECK(model.clipped(1e30) == 1e30);
  };
  check(kHeader + kRows, 3.5);
  for (const char* function : {"1", "2", "10", "12"})
    check("f " + std::string(function) + kHeader.substr(3) + kRows, 3.5);
  check("solver" + kHeader.substr(1) + kRows, 3.5);
  check(kHeader + kRows + "\n", 3.5);
  std::string text = kHeader + kRows;
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, "\r");
  check(text, 3.5);
  // The first version had neither constant nor T and F.
  write_bytes(folder / "old", "m 1\nn 1\nk 2\np0 1 2 \nq0 3 4 \n");
  const Factorization old = import_libmf(folder / "old").model;
  CHECK(old.predict(0, 0) == 11);
  CHECK(old.predict(kUnknown, 0) == 0);
}

TEST_CASE("damaged text is refused, with its line") {
  const TemporaryFolder folder;
  struct Damage {
    std::string text;
    std::string message;
  };
  const auto rows = [](const std::string& from, const std::string& to) {
    std::string text = kHeader + kRows;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const Damage& damage : std::vector<Damage>{
           {"1,2,3\n", ":1: found \"1,2,3\", expected the header of a LIBMF model"},
           {"f 0\nm 3\nn 2\nb 1\np0 T 1", ":5: there is no line \"k NUMBER\""},
           {rows("m 3", "m x"), ":2: found \"x\" as m, expected a whole number"},
           {rows("m 3", "m -3"), ":2: found \"-3\" as m, expected a whole number"},
           {rows("m 3", "m 3 4"), ":2: found \"3\" as m"},
           {rows("b 3.5", "b 1e400"), ":5: found \"1e400\" as b, expected a number"},
           {rows("b 3.5", "b inf"), ":5: found \"inf\" as b, expected a number"},
           {rows("k 2", "k 0"), "k is 0, expected a rank from 1 to 1024"},
           {rows("k 2", "k 4000000000"), "expected a rank from 1 to 1024"},
           {rows("m 3", "m 4000000000"), "m, n and k are 4000000000, 2 and 2, but the file is too short"},
           {rows("f 0", "f 6"), ":1: f is 6, a classification"},
           {rows("f 0", "f 3"), "f is 3, expected one of 0, 1, 2, 10, 11, 12"},
           {rows("p1", "p7"), ":7: found \"p7\", expected p1"},
           {rows("q0", "p3"), ":9: found \"p3\", expected q0"},
           {rows("1 2", "1"), ":6: found 1 numbers in the row p0, expected 2"},
           {rows("1 2", "1 2 3"), ":6: found more than 2 numbers in the row p0"},
           {rows("1e-3", "1e99999"), ":8: found \"1e99999\" in the row p2, expected a finite number"},
           {rows("1e-3", "nan"), ":8: found \"nan\" in the row p2"},
           {rows("0.25", "0,25"), ":10: found \"0,25\" in the row q1"},
           {kHeader + kRows.substr(0, kRows.find("q1")), ":10: the file ends where the row q1 should be"},
           {"m 3\nn 2\nk 2\nf 6\nb 1\n" + kRows, ":4: f is 6, a classification"},
           {rows("k 2", "k 2000"), ":4: k is 2000"},
           {kHeader + kRows + "\n \nq2 T 1 2\n", ":13: found something after the last row"},
           {kHeader + kRows + "q2 T 1 2\n", ":11: found something after the last row"}}) {
    CAPTURE(damage.text);
    write_bytes(folder / "lm", damage.text);
    const std::string message = error_of([&] { import_libmf(folder / "lm"); });
    CAPTURE(message);
    CHECK(contains(message, folder / "lm"));
    CHECK(contains(message, damage.message));
  }
  write_bytes(folder / "lm", kHeader + kRows);
  CHECK(contains(error_of([&] {
                   import_libmf(folder / "lm", {"a", "b"});
                 }),
                 folder / "lm: found 3 rows of P (users), but there are 2 ids"));
  CHECK(
      contains(error_of([&] { import_libmf(folder / "lm", {}, {"a"}); }), "2 rows of Q (items), but there are 1 ids"));
  CHECK(contains(error_of([&] {
                   import_libmf(folder / "lm", {"a", "b", "a"});
                 }),
                 "the id \"a\" occurs twice among those for P (users)"));
  CHECK(import_libmf(folder / "lm", {"a", "a", "b"}).model.users.find("b") == 1);  // the row in between is empty
  CHECK(contains(error_of([&] { import_libmf(folder / "missing"); }), "missing"));
}

TEST_CASE("every text that is cut short is refused") {
  const TemporaryFolder folder;
  const std::string text = kHeader + kRows;
  const std::size_t last = text.find_last_not_of(" \n");
  for (std::size_t length = 0; length < last; ++length) {
    write_bytes(folder / "lm", text.substr(0, length));
    CAPTURE(length);
    CHECK(error_of([&] { import_libmf(folder / "lm"); }) != "");
  }
}

}  // namespace
}  // namespace odot
