// New rows of factors for users or items, by the row solver of training.
#include "odot/train/fold_in.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "model/kinds/factor_samples.hpp"
#include "model/kinds/rescale.hpp"
#include "odot/core/error.hpp"
#include "ratings/multiplied.hpp"
#include "train/factor_training.hpp"
#include "train/fold_in_features.hpp"
#include "train/posterior/ordinal.hpp"
#include "train/posterior/partner_effects.hpp"
#include "train/posterior/posterior_rows.hpp"
#include "train/rows/half_sweep.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Of rows with a link: expectation and maximisation in turn, which 30 rounds bring as near as training comes.
constexpr int kLatentSweeps = 30;

// The side of a model that gets rows, here called users, and the one that stays, its items, whichever they are.
struct Sides {
  const char* user;
  const char* item;
  IdTable Factorization::*users;
  IdTable Factorization::*items;
  std::uint64_t Factorization::*folded_in;  // of users
  SidePrior FactorPosterior::*user_prior;
  SidePrior FactorPosterior::*item_prior;
  Index FactorLayout::*user_count;
  Index FactorLayout::*item_count;
  std::vector<Index> Triples::*user_of;
  std::vector<Index> Triples::*item_of;
  std::size_t user_begin;  // in θ
  std::size_t item_begin;
  int bias;  // in rows of users; −1 without biases
  int pin;   // likewise
};

Sides sides_of(const FactorLayout& layout, bool items) {
  if (items) {
    return {"item",
            "user",
            &Factorization::items,
            &Factorization::users,
            &Factorization::folded_in_items,
            &FactorPosterior::items,
            &FactorPosterior::users,
            &FactorLayout::items,
            &FactorLayout::users,
            &Triples::item,
            &Triples::user,
            layout.item_row(0),
            layout.user_row(0),
            layout.item_bias(),
            layout.item_pin()};
  }
  return {"user",
          "item",
          &Factorization::users,
          &Factorization::items,
          &Factorization::folded_in_users,
          &FactorPosterior::users,
          &FactorPosterior::items,
          &FactorLayout::users,
          &FactorLayout::items,
          &Triples::user,
          &Triples::item,
          layout.user_row(0),
          layout.item_row(0),
          layout.user_bias(),
          layout.user_pin()};
}

Regularisation trained_regularisation(const Factorization& model) {
  if (model.regularisation) return *model.regularisation;
  throw Error::naming("the model does not say what lambda it was trained with: ", "lambda", " must say it");
}

double trained_pin(const Factorization& model) {
  if (!model.layout.biases) return 1;
  if (model.training_pin.value_or(0) > 0) return *model.training_pin;
  throw Error(
      "the model does not say how its biases were penalised (it has no setting pin, as models from before odot could "
      "fold in): train it again");
}

// The rows to be solved for and their ratings.
struct Wanted {
  std::vector<Index> ids;  // of rows, in the list
  RatingMatrix ratings;    // with the model's indices for what stays
};

Wanted gather(const Factorization& model, const RatingList& list, const Sides& sides, const FoldInSettings& settings,
              FoldInReport& report) {
  const bool items = settings.items;
  const IdTable& users = list.*(items ? &RatingList::items : &RatingList::users);
  const IdTable& others = list.*(items ? &RatingList::users : &RatingList::items);
  std::vector<Index> known(others.size());
  for (Index k = 0; k < others.size(); ++k) {
    known[k] = (model.*sides.items).find(others[k]);
    report.unknown_items += known[k] == kUnknown;
  }
  const std::vector<Index>& user_of = list.ratings.*sides.user_of;
  const std::vector<Index>& item_of = list.ratings.*sides.item_of;
  std::vector<bool> has_ratings(users.size());
  for (std::size_t k = 0; k < list.ratings.size(); ++k) {
    if (known[item_of[k]] != kUnknown) has_ratings[user_of[k]] = true;
  }
  Wanted wanted;
  std::vector<Index> row_of(users.size(), kUnknown);
  for (Index user = 0; user < users.size(); ++user) {
    if (!has_ratings[user]) continue;
    row_of[user] = static_cast<Index>(wanted.ids.size());
    wanted.ids.push_back(user);
  }
  report.without_ratings = users.size() - static_cast<Index>(wanted.ids.size());
  Triples usable;
  for (std::size_t k = 0; k < list.ratings.size(); ++k) {
    const Index item = known[item_of[k]];
    if (item == kUnknown) {
      ++report.skipped_ratings;
      continue;
    }
    (usable.*sides.user_of).push_back(row_of[user_of[k]]);
    (usable.*sides.item_of).push_back(item);
    const Real value = list.ratings.value[k];
    usable.value.push_back(
        model.link ? model.link->values[nearest_value(model.link->values, static_cast<double>(value))] : value);
  }
  report.ratings = usable.size();
  if (report.ratings == 0 && !(settings.features && list.ratings.size() == 0)) {
    if (list.ratings.size() == 0) throw Error("there are no ratings to fold in");
    const IdTable& model_items = model.*sides.items;
    throw Error(fmt::format(
        "found no rating of {} {} that the model knows: the first {} of the ratings is '{}', the "
        "model's '{}'",
        items ? "a" : "an", sides.item, sides.item, others[item_of[0]], model_items.size() > 0 ? model_items[0] : ""));
  }
  const auto rows = static_cast<Index>(wanted.ids.size());
  const Index columns = model.layout.*sides.item_count;
  wanted.ratings = RatingMatrix(items ? columns : rows, items ? rows : columns, std::move(usable));
  return wanted;
}

// The model's rows of items as training had them, with `pin` where the model's pin is, and the biases over it.
Vector training_columns(const Factorization& model, const Sides& sides, double pin) {
  const std::size_t stride = model.layout.stride();
  const Index count = model.layout.*sides.item_count;
  const auto first = model.theta.begin() + static_cast<std::ptrdiff_t>(sides.item_begin);
  Vector columns(first, first + static_cast<std::ptrdiff_t>(count * stride));
  if (!model.layout.biases) return columns;
  const double factor = model.pin / pin;
  for (std::size_t row = 0; row < count; ++row) {
    // The item's bias is where a user has its pin.
    Real& bias = columns[row * stride + static_cast<std::size_t>(sides.pin)];
    bias = static_cast<Real>(static_cast<double>(bias) * factor);
    columns[row * stride + static_cast<std::size_t>(sides.bias)] = static_cast<Real>(pin);
  }
  return columns;
}

void check_new(const Factorization& model, const IdTable& ids, const Sides& sides) {
  Index known = 0;
  Index first = 0;
  for (Index user = ids.size(); user-- > 0;) {
    if ((model.*sides.users).find(ids[user]) == kUnknown) continue;
    first = user;
    ++known;
  }
  if (known == 0) return;
  const std::string more = known > 1 ? fmt::format(" and {} more", known - 1) : "";
  throw Error::naming(fmt::format("found the {0} '{1}'{2} in the model already, expected new {0}s only; ", sides.user,
                                  ids[first], more),
                      "update", " replaces the factors of known ones");
}

// The rows of those that are wanted that minimise their regularised squared error.
FoldedRows solve(const Factorization& model, const Wanted& wanted, const Sides& sides, bool items,
                 const Regularisation& by, const std::optional<UnobservedTerm>& unobserved) {
  const FactorLayout& layout = model.layout;
  const double pin = trained_pin(model);
  const std::size_t stride = layout.stride();
  const auto rows = static_cast<Index>(wanted.ids.size());
  Vector solved(rows * stride);
  const auto for_each_row = [&](auto&& body) {
    for (std::size_t row = 0; row < rows; ++row) body(solved.data() + row * stride);
  };
  if (layout.biases) for_each_row([&](Real* row) { row[sides.pin] = static_cast<Real>(pin); });
  const RatingSide side = items ? wanted.ratings.by_item() : wanted.ratings.by_user();
  RidgePrior prior(side, {by.lambda, by.per_rating, sides.pin}, stride);
  const Vector known = training_columns(model, sides, pin);
  if (unobserved) {
    AllEntries::set_rows(known.data(), layout.*sides.item_count, stride, *unobserved, prior.of_all());
  }
  HalfSweep sweep(side, rows, prior, layout, sides.pin,
                  model.non_negative ? RowMethod(NonNegativeRows{}) : NewtonRows{});
  sweep.update(0, solved.data(), known.data());
  if (layout.biases) {
    for_each_row([&](Real* row) {
      row[sides.bias] = static_cast<Real>(static_cast<double>(row[sides.bias]) * (pin / model.pin));
      row[sides.pin] = static_cast<Real>(model.pin);
    });
  }
  return {std::move(solved)};
}

// The distributions of those that are wanted, the `ids`, under the prior that training learned, sample by sample.
// Newcomers are taken as noisy as those that are known are on average.
FoldedRows infer(const Factorization& model, const Wanted& wanted, const Sides& sides, const FoldInSettings& settings,
                 const IdTable& ids) {
  if (wanted.ids.empty()) return {};
  const bool items = settings.items;
  const FactorPosterior& posterior = *model.posterior;
  const SidePrior& prior = posterior.*sides.user_prior;
  const FactorLayout layout = posterior.sample_layout(model.layout);
  const Sides of_sample = sides_of(layout, items);
  const std::size_t stride = layout.stride();
  const auto rows = static_cast<Index>(wanted.ids.size());
  const Index columns = layout.*sides.item_count;
  const auto samples = static_cast<std::size_t>(posterior.samples);
  const RatingSide side = items ? wanted.ratings.by_item() : wanted.ratings.by_user();
  const Vector of_partners = sums_of_effects(side, prior.partner_effects, stride);

  FoldedRows solved{Vector(rows * model.layout.stride()), Vector(rows * stride)};
  solved.noise_weight = noise_weight(model.view(), items, kUnknown);
  if (!posterior.sample_biases.empty()) solved.sample_biases.resize(rows * samples);
  Vector roots;
  const auto first = posterior.variances.begin() + static_cast<std::ptrdiff_t>(of_sample.item_begin);
  Vector column_variances(first, first + static_cast<std::ptrdiff_t>(columns * stride));
  if (!posterior.noise_weights.empty()) {
    roots.resize(columns);
    for (Index column = 0; column < columns; ++column) {
      const double weight = 1 / noise_weight(model.view(), !items, column);
      roots[column] = static_cast<Real>(std::sqrt(weight));
      for (std::size_t k = 0; k < stride; ++k) column_variances[column * stride + k] *= static_cast<Real>(weight);
    }
  }
  std::optional<LatentRatings> latent;
  if (model.link) latent.emplace(wanted.ratings, side, *model.link);
  PosteriorRows inference(latent ? latent->side : side, layout, of_sample.pin);
  for (std::size_t sample = 0; sample < samples; ++sample) {
    const Vector known = sample_rows(model.view(), !items, static_cast<int>(sample));
    Vector offsets = of_partners;
    if (settings.features) {
      offsets.resize(rows * stride);
      add_feature_moves(*prior.features, sample, *settings.features, ids, wanted.ids, stride, offsets);
    }
    Vector means(rows * stride);
    Vector variances(rows * stride);
    if (layout.biases) {
      for (std::size_t row = 0; row < rows; ++row) {
        means[row * stride + static_cast<std::size_t>(of_sample.pin)] = static_cast<Real>(model.pin);
      }
    }
    // With latent numbers, rows and what they say of these come in turn, as often for all, so that no row depends on
    // others.
    const PosteriorTask task{known.data(),
                             column_variances.data(),
                             ConstGaussianPrior(prior.precision.data() + sample * layout.width() * stride,
                                                prior.mean.data() + sample * stride),
                             offsets.empty() ? nullptr : offsets.data(),
                             1 / (posterior.noise_variance * solved.noise_weight),
                             roots.empty() ? nullptr : roots.data(),
                             latent ? &latent->targets : nullptr};
    for (int sweep = 0; sweep < (latent ? kLatentSweeps : 1); ++sweep) {
      inference.update(task, means.data(), variances.data());
    }
    for (std::size_t row = 0; row < rows; ++row) {
      put_sample(model, items, static_cast<int>(sample), means.data() + row * stride, row, solved.rows,
                 solved.sample_biases);
      for (std::size_t k = 0; k < stride; ++k) {
        solved.variances[row * stride + k] += variances[row * stride + k] / static_cast<Real>(samples);
      }
    }
  }
  return solved;
}

// The lines of features of users that neither the model knows nor ratings tell of; counts all others.
std::vector<Index> lines_alone(const Factorization& model, const Sides& sides, const FeatureTable& table,
                               const IdTable& ids, const Wanted& wanted, FoldInReport& report) {
  std::vector<bool> rated(ids.size());
  for (const Index id : wanted.ids) rated[id] = true;
  std::vector<Index> lines;
  for (Index line = 0; line < table.ids.size(); ++line) {
    const Index in_list = ids.find(table.ids[line]);
    if (in_list != kUnknown && rated[in_list]) continue;
    if ((model.*sides.users).find(table.ids[line]) != kUnknown) {
      ++report.known_features;
      continue;
    }
    if (in_list != kUnknown) --report.without_ratings;
    lines.push_back(line);
  }
  report.by_features = static_cast<Index>(lines.size());
  return lines;
}

// Gives the model's row users[k] the k-th of `solved`; `all` are the ids of all users then.
void put_rows(Factorization& model, const Sides& sides, bool items, IdTable all, const std::vector<Index>& users,
              const FoldedRows& solved) {
  const FactorLayout before = model.layout;
  FactorLayout layout = before;
  layout.*sides.user_count = all.size();
  // `whole` has `width` Reals for each user, then for each item, as `rows` has for each that is new.
  const auto put = [&](Vector& whole, const Vector& rows, std::size_t width) {
    if (whole.empty()) return;
    Vector put_together((std::size_t{layout.users} + layout.items) * width);
    const auto keep = [&](bool of_items, Index count) {
      std::copy_n(whole.data() + row_place(before, of_items, 0, width), count * width,
                  put_together.data() + row_place(layout, of_items, 0, width));
    };
    keep(false, before.users);
    keep(true, before.items);
    for (std::size_t row = 0; row < users.size(); ++row) {
      std::copy_n(rows.data() + row * width, width, put_together.data() + row_place(layout, items, users[row], width));
    }
    whole = std::move(put_together);
  };
  put(model.theta, solved.rows, layout.stride());
  if (model.posterior) {
    FactorPosterior& posterior = *model.posterior;
    const std::size_t stride = posterior.sample_layout(layout).stride();
    put(posterior.variances, solved.variances, stride);
    put(posterior.sample_biases, solved.sample_biases, static_cast<std::size_t>(posterior.samples));
    put(posterior.noise_weights, Vector(users.size(), static_cast<Real>(solved.noise_weight)), 1);
    // Of the effect of those that training never saw nothing is known.
    Vector& effects = (posterior.*sides.item_prior).partner_effects;
    if (!effects.empty()) effects.resize(all.size() * stride);
  }
  model.*sides.folded_in += users.size();
  model.layout = layout;
  model.*sides.users = std::move(all);
}

}  // namespace

FoldInReport fold_in(Factorization& model, const RatingList& list, const FoldInSettings& settings) {
  const InUnitOfRatings in_unit(model);
  const Sides sides = sides_of(model.layout, settings.items);
  const IdTable& ids = settings.items ? list.items : list.users;
  FoldInReport report;
  if (model.posterior && settings.regularisation) {
    throw Error::of_setting("lambda", "is of no use to this model, whose priors were learned");
  }
  if (!model.posterior) {
    report.regularisation = settings.regularisation ? *settings.regularisation : trained_regularisation(model);
  }
  if (settings.features) {
    check_features(model.posterior ? &((*model.posterior).*sides.user_prior) : nullptr, *settings.features, sides.user);
  }
  if (!settings.update) check_new(model, ids, sides);
  Wanted wanted = gather(model, list, sides, settings, report);
  const double unit = in_unit.unit();
  if (unit != 1) wanted.ratings = multiplied(wanted.ratings, 1 / unit);
  wanted.ratings.subtract(model.mean);
  FoldedRows solved;
  if (model.posterior) {
    solved = infer(model, wanted, sides, settings, ids);
  } else {
    const Regularisation& by = *report.regularisation;
    solved = solve(model, wanted, sides, settings.items, {by.lambda / unit, by.per_rating / unit},
                   unobserved_term(model, unit));
  }
  const std::size_t stride = model.layout.stride();
  std::vector<Index> alone;
  if (settings.features) {
    alone = lines_alone(model, sides, *settings.features, ids, wanted, report);
    add_unrated(model, settings.items, *settings.features, alone, solved);
  }

  IdTable all = model.*sides.users;
  const Index known = all.size();
  for (const Index id : wanted.ids) {
    const Real* row = solved.rows.data() + report.users.size() * stride;
    if (!std::all_of(row, row + stride, [](Real factor) { return std::isfinite(factor); })) {
      throw Error(
          fmt::format("the factors of the {} '{}' are not finite: its ratings are too large", sides.user, ids[id]),
          ErrorKind::numerical);
    }
    report.users.push_back(all.add(ids[id]));
    ++(report.users.back() < known ? report.updated : report.added);
  }
  for (const Index line : alone) report.users.push_back(all.add(settings.features->ids[line]));
  report.added += report.by_features;
  put_rows(model, sides, settings.items, std::move(all), report.users, solved);
  return report;
}

}  // namespace odot::inline ODOT_PRECISION
