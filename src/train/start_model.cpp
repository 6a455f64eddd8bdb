// Starting from a model that was trained before: whether it fits, and its rows among the new ones.
#include "train/start_model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr const char* kSetting = "init-model";

// The id of the first row with a negative factor, as "user '7'"; empty where there is none.
std::string first_negative(const Factorization& model) {
  const FactorLayout& layout = model.layout;
  const auto search = [&](const IdTable& ids, std::size_t first, const char* what) -> std::string {
    for (Index row = 0; row < ids.size(); ++row) {
      const Real* factors = model.theta.data() + first + row * layout.stride();
      if (std::any_of(factors, factors + layout.rank, [](Real factor) { return factor < 0; })) {
        return fmt::format("{} '{}'", what, ids[row]);
      }
    }
    return {};
  };
  const std::string user = search(model.users, layout.user_row(0), "user");
  return user.empty() ? search(model.items, layout.item_row(0), "item") : user;
}

}  // namespace

void check_start_model(const InitModel& init, const TrainSettings& settings, bool non_negative) {
  const Factorization& model = init.model;
  if (model.link) {
    throw Error::of_setting(kSetting, fmt::format("{} predicts by cut points (likelihood ordinal), from which no "
                                                  "training starts",
                                                  init.path));
  }
  if (model.layout.rank != *settings.rank) {
    throw Error::of_setting("rank", fmt::format("is {}, but must be {}, as in the model {} to start from",
                                                *settings.rank, model.layout.rank, init.path));
  }
  if (non_negative) {
    const std::string negative = first_negative(model);
    if (model.layout.biases || model.mean != 0 || !negative.empty()) {
      throw Error::of_setting(
          kSetting,
          fmt::format("{} cannot start {}, which needs factors that are not negative and neither mean nor biases: it "
                      "has {}",
                      init.path, *settings.method,
                      model.layout.biases ? "biases"
                      : model.mean != 0   ? "a mean"
                                          : "a negative factor of " + negative));
    }
  } else if (model.layout.biases && !*settings.biases) {
    throw Error::of_setting(kSetting, fmt::format("{} has biases, for which no-biases leaves no place", init.path));
  } else if (!*settings.biases && (model.mean != 0) != *settings.center) {
    throw Error::of_setting(
        kSetting,
        fmt::format("{} was trained {} a mean: without biases that would change all its predictions; "
                    "use {}",
                    init.path, model.mean != 0 ? "with" : "without", model.mean != 0 ? "center" : "no-center"));
  }
}

KnownIds start_from(const InitModel& init, const IdPair& ids, const FactorLayout& layout, double pin, double mean,
                    Vector& theta) {
  const Factorization& model = init.model;
  const FactorLayout& from = model.layout;
  const double half_shift = (model.mean - mean) / 2;
  const auto rank = static_cast<std::size_t>(layout.rank);
  // Returns how many are known.
  const auto take = [&](const IdTable& wanted, const IdTable& known, const Real* source, Real* target, int source_bias,
                        int target_bias) {
    Index count = 0;
    for (Index row = 0; row < wanted.size(); ++row, target += layout.stride()) {
      const Index found = known.find(wanted[row]);
      if (found == kUnknown) continue;
      ++count;
      const Real* factors = source + found * from.stride();
      std::copy(factors, factors + rank, target);
      if (target_bias < 0) continue;
      const double bias = source_bias < 0 ? 0 : static_cast<double>(factors[source_bias]) * model.pin;
      target[target_bias] = static_cast<Real>((bias + half_shift) / pin);
    }
    return count;
  };
  const KnownIds known{take(ids.users, model.users, model.theta.data() + from.user_row(0),
                            theta.data() + layout.user_row(0), from.user_bias(), layout.user_bias()),
                       take(ids.items, model.items, model.theta.data() + from.item_row(0),
                            theta.data() + layout.item_row(0), from.item_bias(), layout.item_bias())};
  if (known.users == 0 && known.items == 0) {
    throw Error(fmt::format("{} knows none of the users and items of the ratings: its first user is '{}', theirs '{}'",
                            init.path, model.users.size() > 0 ? model.users[0] : "", ids.users[0]));
  }
  return known;
}

}  // namespace odot::inline ODOT_PRECISION
