// Codes of ratings with few different values, and matrices that keep them.
#include "ratings/value_codes.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "odot/ratings/rating_matrix.hpp"

namespace odot {
namespace {

std::vector<Real> different(std::size_t count) {
  std::vector<Real> values;
  for (std::size_t k = 0; k < count; ++k) values.push_back(static_cast<Real>(k * 7919 % count) / Real(4) - Real(9));
  return values;
}

// One rating of every item by user 0.
Triples rated(const std::vector<Real>& values) {
  Triples triples;
  for (std::size_t k = 0; k < values.size(); ++k) {
    triples.user.push_back(0);
    triples.item.push_back(static_cast<Index>(k));
    triples.value.push_back(values[k]);
  }
  return triples;
}

}  // namespace

TEST_CASE("codes count the different values in ascending order") {
  const auto codes = ValueCodes::find({3, Real(0.5), 3, -2, 3});
  REQUIRE(codes);
  CHECK(codes->values() == std::vector<Real>{-2, Real(0.5), 3});
  CHECK((*codes)(-2) == 0);
  CHECK((*codes)(3) == 2);
}

TEST_CASE("256 different values have codes, 257 have none") {
  for (const std::size_t repeats : {1, 300}) {
    std::vector<Real> most;
    std::vector<Real> more;
    for (std::size_t k = 0; k < repeats; ++k) {
      for (const Real value : different(256)) most.push_back(value);
      for (const Real value : different(257)) more.push_back(value);
    }
    const auto codes = ValueCodes::find(most);
    REQUIRE(codes);
    REQUIRE(codes->values().size() == 256);
    std::size_t wrong = 0;
    for (const Real value : most) wrong += codes->values()[(*codes)(value)] != value;
    CHECK(wrong == 0);
    CHECK(!ValueCodes::find(more));
  }
}

TEST_CASE("zero and minus zero are one value") {
  const auto codes = ValueCodes::find({Real(-0.0), 0, 1});
  REQUIRE(codes);
  CHECK(codes->values().size() == 2);
  CHECK((*codes)(Real(-0.0)) == (*codes)(0));
}

TEST_CASE("a matrix gives the same values with codes and without") {
  for (const std::size_t count : {256, 257}) {
    const std::vector<Real> values = different(count);
    RatingMatrix matrix(1, static_cast<Index>(count), rated(values));
    CHECK(matrix.table().empty() == (count > 256));
    for (const double constant : {0.0, 1.3, 0.0}) {
      matrix.subtract(constant);
      const RatingSide side = matrix.by_user();
      std::vector<Real> read(count);
      side.values.read(0, count, read.data());
      std::size_t wrong = 0;
      for (std::size_t k = 0; k < count; ++k) {
        const Real expected = static_cast<Real>(static_cast<double>(values[k]) - constant);
        wrong += side.values[k] != expected || read[k] != expected;
        wrong += matrix.by_item().values[k] != expected;
      }
      CHECK(wrong == 0);
    }
  }
}

}  // namespace odot
