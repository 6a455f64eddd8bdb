#include "odot/core/spelling.hpp"

#include <algorithm>

namespace odot {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::vector<std::string_view> nearest_first(std::vector<std::string_view> known, std::string_view word) {
  std::stable_sort(known.begin(), known.end(), [&](std::string_view a, std::string_view b) {
    return edit_distance(a, word) < edit_distance(b, word);
  });
  return known;
}

std::string_view probably_meant(const std::vector<std::string_view>& known, std::string_view word) {
  if (known.empty()) return {};
  const std::string_view nearest = nearest_first(known, word).front();
  const bool near = edit_distance(nearest, word) <= std::max<std::size_t>(1, word.size() / 3);
  const bool begins = !word.empty() && nearest.substr(0, word.size()) == word;
  return near || begins ? nearest : std::string_view{};
}

}  // namespace odot
