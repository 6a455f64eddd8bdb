// Options as rows: values from text and into text, and what is refused.
#include "odot/settings/option.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "odot/core/error.hpp"

namespace odot {
namespace {

// The message that an action ends with, or "accepted".
template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    return error.what();
  }
  return "accepted";
}

std::string parsing(const Option& option, const std::string& text) {
  return refusal([&] { (void)parse_value(option, text); });
}

TEST_CASE("whole numbers are read within their range, and refused with it") {
  const Option rank = integer_option("rank", "", "R", "", {1, 1024});
  CHECK(std::get<std::int64_t>(parse_value(rank, "1")) == 1);
  CHECK(std::get<std::int64_t>(parse_value(rank, "1024")) == 1024);
  for (const std::string text : {"0", "1025", "-1", "8.5", "8 ", "", "eight", "1e4", "nan", "99999999999999999999"}) {
    CHECK(parsing(rank, text) == "rank is '" + text + "', but must be a whole number from 1 to 1024");
  }
  CHECK(std::get<std::int64_t>(parse_value(rank, "8.0")) == 8);
  CHECK(std::get<std::int64_t>(parse_value(rank, "1e3")) == 1000);
  Option seed = integer_option("seed", "", "N", "", {.low = 0});
  CHECK(parsing(seed, "-1") == "seed is '-1', but must be a whole number ≥ 0");
  seed.zero_word = "auto";
  CHECK(std::get<std::int64_t>(parse_value(seed, "auto")) == 0);
  CHECK(parsing(seed, "a") == "seed is 'a', but must be a whole number ≥ 0 or the word auto");
}

TEST_CASE("numbers are finite, and the ends of open ranges are refused") {
  const Option step = number_option("step", "", "X", "", {0, 1, true, true});
  CHECK(std::get<double>(parse_value(step, "0.25")) == 0.25);
  for (const std::string text : {"0", "1", "nan", "inf", "x", "0.5x"}) {
    CHECK(parsing(step, text) == "step is '" + text + "', but must be a number > 0 and < 1");
  }
  const Option share = number_option("share", "", "X", "", {0, 1});
  CHECK(parsing(share, "0") == "accepted");
  CHECK(parsing(share, "1") == "accepted");
  CHECK(parsing(share, "1.1") == "share is '1.1', but must be a number from 0 to 1");
  const Option lambda = number_option("lambda", "", "X", "", {.low = 0});
  CHECK(refusal([&] { check_value(lambda, -1.0); }) == "lambda is -1, but must be a number ≥ 0");
  CHECK(refusal([&] { check_value(lambda, std::numeric_limits<double>::infinity()); }) != "accepted");
  CHECK(refusal([&] { check_value(lambda, std::numeric_limits<double>::quiet_NaN()); }) != "accepted");
  CHECK(refusal([&] { check_value(lambda, 1e300); }) == "accepted");
}

TEST_CASE("a whole number that is kept as a number must be whole") {
  const Option memory = integer_option("memory", "", "N", "", {1, 10});
  CHECK(refusal([&] { check_value(memory, 5.0); }) == "accepted");
  CHECK(refusal([&] { check_value(memory, 5.5); }) == "memory is 5.5, but must be a whole number from 1 to 10");
}

TEST_CASE("on and off have many words") {
  const Option clip = toggle_option("clip", "", "", true);
  for (const char* text : {"true", "yes", "on", "1"}) CHECK(std::get<bool>(parse_value(clip, text)));
  for (const char* text : {"false", "no", "off", "0"}) CHECK_FALSE(std::get<bool>(parse_value(clip, text)));
  CHECK(parsing(clip, "maybe") == "clip is 'maybe', but must be true or false");
  CHECK(std::get<bool>(*clip.standard));
}

TEST_CASE("sizes are lists, or none") {
  Option layers = number_option("layers", "", "N,N", "", {1, 100});
  layers.kind = OptionKind::sizes;
  using Sizes = std::vector<std::size_t>;
  CHECK(std::get<Sizes>(parse_value(layers, "64,12,1")) == Sizes{64, 12, 1});
  CHECK(std::get<Sizes>(parse_value(layers, "none")).empty());
  for (const std::string text : {"", "1,", ",1", "0", "101", "1,two", "1;2"}) {
    CHECK(parsing(layers, text) ==
          "layers is '" + text + "', but must be sizes from 1 to 100 with commas between, or none");
  }
}

TEST_CASE("words are checked against the list as it is, the nearest first") {
  std::vector<Word> words{{"exact", ""}, {"armijo", ""}};
  Option search{.name = "line-search", .kind = OptionKind::word, .words = [&] { return words; }};
  CHECK(refusal([&] { check_value(search, std::string("armijo")); }) == "accepted");
  CHECK(refusal([&] { check_value(search, std::string("armiho")); }) ==
        "unknown line search 'armiho': known are armijo, exact");
  words.push_back({"armiho", ""});
  CHECK(refusal([&] { check_value(search, std::string("armiho")); }) == "accepted");
}

TEST_CASE("values as records and as users write them") {
  CHECK(value_text(true) == "true");
  CHECK(value_text(std::int64_t{16}) == "16");
  CHECK(value_text(1e-5) == "1e-05");
  CHECK(value_text(std::string("adam")) == "adam");
  CHECK(value_text(std::vector<std::size_t>{64, 32}) == "64,32");
  CHECK(value_text(std::vector<std::size_t>{}) == "none");
  Option step = number_option("step", "", "X", "", {.low = 0});
  CHECK(user_text(step, 0.0) == "0");
  step.zero_word = "auto";
  CHECK(user_text(step, 0.0) == "auto");
  CHECK(user_text(step, 0.5) == "0.5");
  CHECK(user_text(toggle_option("clip", "", "", true), false) == "off");
  for (const double value : {0.1, 1.0 / 3, 6.02e23}) {
    CHECK(std::get<double>(parse_value(step, value_text(value))) == value);
  }
}

TEST_CASE("an error of a setting has its name") {
  const Error error = Error::of_setting("rank", "is odd");
  CHECK(std::string(error.what()) == "rank is odd");
  CHECK(error.setting() == "rank");
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(Error("x").setting().empty());
  CHECK(Error("x").kind() == ErrorKind::data);
}

TEST_CASE("an error that names a setting says where, also with a place before it") {
  const Error error = Error::naming("2 ranks (", "rank", " says which)", ErrorKind::system);
  CHECK(std::string(error.what()) == "2 ranks (rank says which)");
  CHECK(error.setting() == "rank");
  CHECK(error.setting_at() == 9);
  CHECK(error.kind() == ErrorKind::system);
  const Error placed = error.at("r.csv");
  CHECK(std::string(placed.what()) == "r.csv: 2 ranks (rank says which)");
  CHECK(placed.setting() == "rank");
  CHECK(placed.setting_at() == 16);
  CHECK(placed.kind() == ErrorKind::system);
}

}  // namespace
}  // namespace odot
