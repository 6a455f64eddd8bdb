// Ratings far from 0 for how little they differ, such as 123456789, of which a float has 24 bits.
#include "cli/rounding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>

#include "odot/core/number.hpp"
#include "odot/core/vector.hpp"
#include "ratings/text/rating_texts.hpp"

namespace odot::cli {
namespace {

// Rounding that is less of the deviation of ratings than this is nowhere to be seen.
constexpr double kVisible = 1e-4;
constexpr double kMostRounding = std::numeric_limits<Real>::epsilon() / 2;  // of a value, at most

constexpr int kDigits = std::numeric_limits<Real>::max_digits10;

// What ratings are written as, as exactly as the machine can say.
using Exact = long double;

std::string remedy(double mean, double deviation) {
  const double digits = std::ceil(std::log10(std::abs(mean) / deviation)) + 1;
  return fmt::format("subtract a constant such as {:.{}g} from all of them{}", mean,
                     static_cast<int>(std::clamp(digits, 1.0, 17.0)),
                     sizeof(Real) == sizeof(float) ? ", or build odot with -DODOT_DOUBLE=ON" : "");
}

const char* precision() { return sizeof(Real) == sizeof(float) ? "single" : "double"; }

// Two passes in vectors, which cost next to nothing: neighbours' squared differences are at most four times the squared
// deviations from the mean.
bool cannot_be_visible(std::span<const Real> values) {
  if (values.size() < 2) return true;
  return kMostRounding * norm(values) <= kVisible * distance(values.subspan(1), values.first(values.size() - 1)) / 2;
}

}  // namespace

std::string describe_rounding(const ValueSummary& values) {
  const double size = std::max(std::abs(values.lowest), std::abs(values.highest));
  if (!(values.deviation > 0) || kMostRounding * size <= kVisible * values.deviation) return "";
  const auto at = static_cast<Real>(size);
  const double step = static_cast<double>(at) - static_cast<double>(std::nextafter(at, Real{0}));
  return fmt::format(
      "ratings near {:.{}g} are kept to the nearest {:.3g} in {} precision, where they deviate by {:.3g}: what was "
      "between is rounded; {}\n",
      static_cast<double>(at), kDigits, step, precision(), values.deviation, remedy(values.mean, values.deviation));
}

std::string describe_rounding(const std::vector<Real>& values, const std::vector<SourceFormat>& sources,
                              std::size_t merged, const ReadSettings& settings) {
  if (cannot_be_visible(values)) return "";
  if (!reading::has_rating_texts(sources, merged)) return describe_rounding(summarize(values));
  std::vector<Exact> written(values.size());
  reading::for_each_rating_text(sources, values, settings, [&](std::size_t k, std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    written[k] = to_number<Exact>(text).value_or(static_cast<Exact>(values[k]));
  });
  // About the first one, which is near the others where this matters.
  const auto count = static_cast<Exact>(written.size());
  Exact sum = 0;
  Exact squares = 0;
  for (const Exact value : written) {
    const Exact away = value - written[0];
    sum += away;
    squares += away * away;
  }
  const Exact deviation = std::sqrt(std::max(squares / count - sum / count * (sum / count), Exact{0}));
  const auto is_rounded = [&](std::size_t k) {
    return std::abs(written[k] - static_cast<Exact>(values[k])) > static_cast<Exact>(kVisible) * deviation;
  };
  std::size_t rounded = 0;
  std::size_t first = 0;
  for (std::size_t k = written.size(); k-- > 0;) {
    if (!is_rounded(k)) continue;
    first = k;
    ++rounded;
  }
  if (rounded == 0 || !(deviation > 0)) return "";
  return fmt::format(
      "{} of {} ratings are rounded by more than {:g} of their deviation {:.3g} in {} precision, the first from {} to "
      "{:.{}g}: {}\n",
      rounded, written.size(), kVisible, static_cast<double>(deviation), precision(), written[first],
      static_cast<double>(values[first]), kDigits,
      remedy(static_cast<double>(written[0] + sum / count), static_cast<double>(deviation)));
}

}  // namespace odot::cli
