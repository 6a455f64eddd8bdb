// Ids to indices and back.
#include "odot/ratings/id_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "odot/core/parallel.hpp"

namespace odot {
namespace {

TEST_CASE("ids are numbered by first addition and come back") {
  IdTable table;
  CHECK(table.size() == 0);
  CHECK(table.find("a") == kUnknown);
  CHECK(table.add("a") == 0);
  CHECK(table.add("b") == 1);
  CHECK(table.add("a") == 0);
  CHECK(table.add("") == 2);
  CHECK(table.add(std::string_view("x\0y", 3)) == 3);
  CHECK(table.add(std::string_view("x\0z", 3)) == 4);
  CHECK(table.size() == 5);
  CHECK(table[1] == "b");
  CHECK(table[2] == "");
  CHECK(table[3] == std::string_view("x\0y", 3));
  CHECK(table.find("b") == 1);
  CHECK(table.find("c") == kUnknown);
}

TEST_CASE("many ids, short and long, stay where they are") {
  IdTable table;
  std::map<std::string, Index> naive;
  std::string_view first;
  for (unsigned k = 0; k < 50000; ++k) {
    const std::string id = std::to_string(k * 2654435761u % 30011) + (k % 97 == 0 ? std::string(k % 3000, 'x') : "");
    const auto [found, is_new] = naive.emplace(id, static_cast<Index>(naive.size()));
    REQUIRE(table.add(id) == found->second);
    if (k == 0) first = table[0];
  }
  CHECK(table.add(std::string(3 << 20, 'y')) == naive.size());
  REQUIRE(table.size() == naive.size() + 1);
  CHECK(first.data() == table[0].data());
  for (const auto& [id, index] : naive) REQUIRE(table[index] == id);
}

TEST_CASE("copies and moves are tables of their own") {
  IdTable table;
  table.add("one");
  table.add("two");
  IdTable copy = table;
  copy.add("three");
  CHECK(table.find("three") == kUnknown);
  CHECK(copy[0].data() != table[0].data());
  IdTable moved = std::move(table);
  CHECK(moved.find("two") == 1);
  CHECK(moved[0] == "one");
  table = IdTable();
  CHECK(table.add("again") == 0);
  table = copy;
  copy = IdTable();
  CHECK(table.size() == 3);
  CHECK(table[2] == "three");
  IdTable& same = table;
  table = same;
  CHECK(table.find("three") == 2);
}

TEST_CASE("a table of packed ids is like any other") {
  const auto storage =
      std::make_shared<std::pair<std::string, std::vector<Offset>>>("onetwofour", std::vector<Offset>{0, 3, 6, 6, 10});
  IdTable table(storage->first, storage->second, storage);
  CHECK(storage.use_count() == 2);
  CHECK(table.size() == 4);
  CHECK(table[0] == "one");
  CHECK(table[2] == "");
  CHECK(table[3].data() == storage->first.data() + 6);
  const IdTable early = table;
  CHECK(table.find("four") == 3);
  CHECK(table.find("five") == kUnknown);
  CHECK(table.add("two") == 1);
  CHECK(table.add("five") == 4);
  CHECK(table.add("") == 2);
  CHECK(table[4] == "five");
  CHECK(table.size() == 5);
  IdTable copy = table;
  CHECK(copy.find("five") == 4);
  CHECK(copy.add("six") == 5);
  CHECK(table.find("six") == kUnknown);
  CHECK(early.size() == 4);
  CHECK(early.find("five") == kUnknown);
  CHECK(early.find("one") == 0);
  const IdTable moved = std::move(copy);
  CHECK(moved[1] == "two");
  CHECK(moved.find("six") == 5);
  table = IdTable();
  CHECK(table.add("two") == 0);
}

TEST_CASE("many threads may look packed ids up at once") {
  const auto storage = std::make_shared<std::pair<std::string, std::vector<Offset>>>("", std::vector<Offset>{0});
  for (Index k = 0; k < 20000; ++k) {
    storage->first += std::to_string(k);
    storage->second.push_back(storage->first.size());
  }
  const int before = threads();
  set_threads(4);
  const IdTable table(storage->first, storage->second, storage);
  std::vector<int> wrong(64, 0);
  parallel_for(64, [&](std::size_t part) {
    for (Index k = static_cast<Index>(part); k < 20000; k += 64) wrong[part] += table.find(std::to_string(k)) != k;
  });
  set_threads(before);
  CHECK(wrong == std::vector<int>(64, 0));
}

TEST_CASE("a table that was moved from can be filled again") {
  IdTable table;
  table.add("one");
  const IdTable moved = std::move(table);
  table = IdTable();
  CHECK(table.add("two") == 0);
  CHECK(moved[0] == "one");
}

}  // namespace
}  // namespace odot
