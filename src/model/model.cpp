// What is the same for all kinds of models.
#include "odot/model/model.hpp"

#include <fmt/format.h>

#include "model/kinds/factor_posterior.hpp"
#include "odot/core/error.hpp"
#include "odot/model/pair_loops.hpp"

namespace odot::inline ODOT_PRECISION {

void Model::deviations(const Triples&, std::span<double>) const { refuse_deviations(); }

void Model::probabilities(const Triples&, std::span<double>) const {
  throw Error("the model does not know how probable each value of a rating is; models of ordinal ratings do",
              ErrorKind::usage);
}

Triples reindex(const RatingList& list, const Model& model) { return reindex(list, model.users, model.items); }

void check_pairs(const Triples& pairs, std::size_t begin, std::size_t end, Index users, Index items) {
  const auto check = [](Index index, Index count, const char* what) {
    if (index < count || index == kUnknown) return;
    throw Error(fmt::format("{} {} is out of range: the model has {} of them", what, index, count), ErrorKind::usage);
  };
  for (std::size_t k = begin; k < end; ++k) {
    check(pairs.user[k], users, "user index");
    check(pairs.item[k], items, "item index");
  }
}

}  // namespace odot::inline ODOT_PRECISION
