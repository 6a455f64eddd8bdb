// Opening ratings of any kind to train on: text becomes a list, an .odr file is mapped, and both train the same model.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/model/factorization.hpp"
#include "odot/ratings/odr.hpp"
#include "odot/train/train.hpp"
#include "support/temporary_folder.hpp"

namespace odot {
namespace {

using test::TemporaryFolder;

// A text sorted by user and item, and the .odr file of it.
void write_both(const TemporaryFolder& folder) {
  std::string text;
  for (int user = 1; user <= 30; ++user) {
    for (int item = 1; item <= 20; ++item) {
      if ((user * 7 + item * 3) % 5 > 1) continue;
      text += std::to_string(user) + "," + std::to_string(item) + "," + std::to_string(1 + user * item % 5) + "\n";
    }
  }
  test::write_bytes(folder / "text", text);
  OutputFile file(folder / "odr");
  convert_to_odr({folder / "text"}, {}, std::size_t{1} << 20, file);
  file.commit();
}

TEST_CASE("text is opened as a list, an .odr file as a matrix, of the same ratings") {
  const TemporaryFolder folder;
  write_both(folder);
  const OpenedRatings list = open_ratings({folder / "text"});
  const OpenedRatings mapped = open_ratings({folder / "odr"});
  CHECK_FALSE(list.data.matrix);
  CHECK(list.data.list.size() == list.data.size());
  REQUIRE(mapped.data.matrix);
  CHECK(mapped.data.list.size() == 0);
  CHECK(list.data.size() > 200);
  CHECK(mapped.data.size() == list.data.size());
  CHECK(mapped.data.users.size() == 30);
  CHECK(mapped.data.items.size() == list.data.items.size());
  for (const OpenedRatings* opened : {&list, &mapped}) {
    REQUIRE(opened->sources.size() == 1);
    CHECK(opened->sources[0].ratings == list.data.size());
  }
  CHECK(list.sources[0].kind == "delimited");
  CHECK(mapped.sources[0].kind == "odr");
  CHECK(mapped.sources[0].path == folder / "odr");

  const TrainSettings settings{.rank = 3, .iterations = 3};
  const auto theta = [&](const std::string& path, std::optional<std::size_t> memory) {
    const TrainResult result = train(open_ratings({path}, {}, memory).data, settings);
    return dynamic_cast<const Factorization&>(*result.model).theta;
  };
  const Vector expected = theta(folder / "text", {});
  CHECK(theta(folder / "odr", {}) == expected);
  CHECK(theta(folder / "odr", 1) == expected);
}

TEST_CASE("what is opened is read as the settings say") {
  const TemporaryFolder folder;
  write_both(folder);
  test::write_bytes(folder / "twice", "a|b|c\n1|2|3\n1|2|5\n");
  const OpenedRatings merged =
      open_ratings({folder / "twice"}, {.separator = "pipe", .header = true, .duplicates = Duplicates::mean});
  CHECK(merged.merged == 1);
  CHECK(merged.data.list.value == std::vector<Real>{4});
  const OpenedRatings pairs = open_ratings({folder / "odr"}, {.pairs_only = true});
  CHECK_FALSE(pairs.data.matrix);
  CHECK(pairs.data.list.size() > 200);
  CHECK(pairs.data.list.value.empty());
  CHECK_THROWS_WITH_AS(open_ratings({folder / "text", folder / "odr"}), doctest::Contains("among several"), Error);
}

}  // namespace
}  // namespace odot
