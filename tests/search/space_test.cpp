// Spaces: what they mean and what is wrong with those that mean nothing.
#include "odot/search/space.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "odot/core/error.hpp"

namespace odot {
namespace {

using Words = std::vector<std::string>;

std::string complaint(const std::string& text, bool integer = false) {
  try {
    parse_dimension("x", text, integer);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("choices have equal parts of the coordinate") {
  const Dimension dimension = parse_dimension("optimizer", "lbfgs,gd,adam", false);
  CHECK(dimension.choices == Words{"lbfgs", "gd", "adam"});
  CHECK(dimension.at(0) == "lbfgs");
  CHECK(dimension.at(0.333) == "lbfgs");
  CHECK(dimension.at(0.334) == "gd");
  CHECK(dimension.at(0.667) == "adam");
  CHECK(dimension.at(std::nextafter(1.0, 0.0)) == "adam");
}

TEST_CASE("linear ranges") {
  const Dimension real = parse_dimension("step", "-1..3", false);
  CHECK(real.at(0) == "-1");
  CHECK(real.at(0.5) == "1");
  CHECK(real.at(0.25) == "0");
  const Dimension whole = parse_dimension("rank", "3..6", true);  // four numbers
  CHECK(whole.at(0) == "3");
  CHECK(whole.at(0.26) == "4");
  CHECK(whole.at(0.74) == "5");
  CHECK(whole.at(0.999) == "6");
}

TEST_CASE("logarithmic ranges") {
  const Dimension real = parse_dimension("lambda", "0.1..1000:log", false);
  CHECK(real.at(0) == "0.1");
  CHECK(std::stod(real.at(0.25)) == doctest::Approx(1));
  CHECK(std::stod(real.at(0.5)) == doctest::Approx(10));
  CHECK(std::stod(real.at(0.999999)) <= 1000);
  const Dimension whole = parse_dimension("rank", "1..7:log", true);  // 1 to 8: a third each for 1, 2 and 3, 4 to 7
  CHECK(whole.at(0.33) == "1");
  CHECK(whole.at(0.34) == "2");
  CHECK(whole.at(0.67) == "4");
  CHECK(whole.at(0.9999) == "7");
}

TEST_CASE("log2 means the powers of two") {
  CHECK(parse_dimension("rank", "8..128:log2", true).choices == Words{"8", "16", "32", "64", "128"});
  CHECK(parse_dimension("rank", "5..40:log2", true).choices == Words{"8", "16", "32"});
  CHECK(parse_dimension("lambda", "0.25..2:log2", false).choices == Words{"0.25", "0.5", "1", "2"});
}

TEST_CASE("rounding does not leave the range") {
  const Dimension dimension = parse_dimension("x", "1.00000049..1.0000005", false);
  for (const double u : {0.0, 0.5, 0.999}) {
    const double value = std::stod(dimension.at(u));
    CHECK(value >= 1.00000049);
    CHECK(value <= 1.0000005);
  }
}

TEST_CASE("what is wrong is said") {
  CHECK(complaint("8..128:lgo").find("did you mean :log?") != std::string::npos);
  CHECK(complaint("8..128:log3").find("unknown scale ':log3'") != std::string::npos);
  CHECK(complaint("128..8").find("not below the upper bound") != std::string::npos);
  CHECK(complaint("0..8:log").find("above 0") != std::string::npos);
  CHECK(complaint("a..8").find("'a', expected a number") != std::string::npos);
  CHECK(complaint("8..").find("expected a number") != std::string::npos);
  CHECK(complaint("1.5..8", true).find("whole numbers") != std::string::npos);
  CHECK(complaint("5..7:log2").find("no power of two") != std::string::npos);
  CHECK(complaint("a,,b").find("empty") != std::string::npos);
  CHECK(complaint("a,b,a").find("twice") != std::string::npos);
  CHECK(complaint("1..2,4").find("part of a list") != std::string::npos);
  CHECK(complaint("1..2") == "");
  CHECK(is_space("1..2"));
  CHECK(is_space("a,b"));
  CHECK(!is_space("0.5"));
}

}  // namespace
}  // namespace odot
