// What is the same for all kinds of models.
#include "odot/model/model.hpp"

namespace odot::inline ODOT_PRECISION {

Triples reindex(const RatingList& list, const Model& model) { return reindex(list, model.users, model.items); }

}  // namespace odot::inline ODOT_PRECISION
