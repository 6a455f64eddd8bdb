// Distances between words, and the known words that are nearest.
#include "odot/core/spelling.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace odot::inline ODOT_PRECISION {
namespace {

// Nobody means a longer word by a word that is misspelt, and comparing two takes time in proportion to both lengths.
constexpr std::size_t kLongest = 200;

// What other programs for the same work (LIBMF, implicit, Surprise, Spark, LensKit, scikit-learn) call something, and
// what it is called here: of these words the first that there is where the word was written.
struct Translation {
  std::string_view theirs;
  std::array<std::string_view, 3> ours;
};
constexpr Translation kTranslations[] = {
    {"epochs", {"iterations"}},
    {"n-epochs", {"iterations"}},
    {"num-epochs", {"iterations"}},
    {"iters", {"iterations"}},
    {"num-iters", {"iterations"}},
    {"n-iter", {"iterations"}},
    {"max-iter", {"iterations"}},
    {"sweeps", {"iterations"}},
    {"factors", {"rank"}},
    {"n-factors", {"rank"}},
    {"num-factors", {"rank"}},
    {"components", {"rank"}},
    {"n-components", {"rank"}},
    {"dim", {"rank"}},
    {"dimensions", {"rank"}},
    {"latent-factors", {"rank"}},
    {"k", {"rank", "top", "folds"}},
    {"n", {"top"}},
    {"n-recommendations", {"top"}},
    {"num-recommendations", {"top"}},
    {"limit", {"top"}},
    {"neighbours", {"top"}},
    {"neighbors", {"top"}},
    {"reg", {"lambda"}},
    {"reg-all", {"lambda"}},
    {"reg-param", {"lambda"}},
    {"regularization", {"lambda"}},
    {"regularisation", {"lambda"}},
    {"l2", {"lambda"}},
    {"weight-decay", {"lambda"}},
    {"lr", {"step"}},
    {"lr-all", {"step"}},
    {"eta", {"step"}},
    {"learning-rate", {"step"}},
    {"algorithm", {"method", "optimizer"}},
    {"solver", {"optimizer", "method"}},
    {"batch", {"batch-size"}},
    {"patience", {"early-stop"}},
    {"early-stopping", {"early-stop"}},
    {"test", {"valid"}},
    {"test-size", {"holdout", "fraction"}},
    {"ratio", {"holdout", "fraction"}},
    {"validation", {"valid"}},
    {"cv", {"folds"}},
    {"n-splits", {"folds"}},
    {"n-trials", {"trials"}},
    {"timeout", {"duration", "time-limit"}},
    {"max-time", {"duration", "time-limit"}},
    {"time", {"duration", "time-limit"}},
    {"random-state", {"seed"}},
    {"random-seed", {"seed"}},
    {"jobs", {"threads"}},
    {"n-jobs", {"threads"}},
    {"num-threads", {"threads"}},
    {"cores", {"threads"}},
    {"delimiter", {"separator"}},
    {"sep", {"separator"}},
    {"silent", {"quiet"}},
    {"out", {"output"}},
    {"output-file", {"output"}},
    {"output-model", {"output"}},
    {"model", {"output"}},
    {"save", {"output"}},
    {"filter", {"exclude"}},
    {"seen", {"exclude"}},
};

// In the way in which options are written: "n_Factors" is "n-factors".
std::string with_dashes(std::string_view word) {
  std::string text(word);
  for (char& c : text) {
    if (c == '_') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string_view beginning(std::string_view word) { return word.substr(0, kLongest); }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::vector<std::size_t> above(row);  // the row before the last one
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::vector<std::size_t> last(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], above[j - 2] + 1);
    }
    above = last;
  }
  return row.back();
}

std::vector<std::string_view> nearest_first(std::vector<std::string_view> known, std::string_view word) {
  std::vector<std::pair<std::size_t, std::string_view>> distances;
  distances.reserve(known.size());
  for (const std::string_view name : known) {
    distances.emplace_back(edit_distance(beginning(name), beginning(word)), name);
  }
  std::ranges::stable_sort(distances, {}, &std::pair<std::size_t, std::string_view>::first);
  std::ranges::transform(distances, known.begin(), &std::pair<std::size_t, std::string_view>::second);
  return known;
}

std::string_view probably_meant(const std::vector<std::string_view>& known, std::string_view word) {
  if (known.empty() || word.size() > kLongest) return {};
  const std::string dashed = with_dashes(word);
  for (const std::string_view name : known) {
    if (name == dashed) return name;
  }
  for (const Translation& translation : kTranslations) {
    if (translation.theirs != dashed) continue;
    for (const std::string_view ours : translation.ours) {
      const auto there = std::ranges::find(known, ours);
      if (!ours.empty() && there != known.end()) return *there;
    }
  }
  const std::string_view nearest = nearest_first(known, word).front();
  if (edit_distance(beginning(nearest), word) <= std::max<std::size_t>(1, word.size() / 3)) return nearest;
  const auto begins = std::find_if(known.begin(), known.end(),
                                   [&](std::string_view name) { return !word.empty() && name.starts_with(word); });
  return begins == known.end() ? std::string_view{} : *begins;
}

}  // namespace odot::inline ODOT_PRECISION
