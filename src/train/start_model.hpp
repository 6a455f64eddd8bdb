// Starting from a model that was trained before.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/train/run_observer.hpp"
#include "odot/train/train.hpp"

namespace odot::inline ODOT_PRECISION {

/// Throws Error where factors of these settings, which are in effect, cannot be as `init` has them.
void check_start_model(const InitModel& init, const TrainSettings& settings, bool non_negative);

/// Gives the users and items of `ids` that the model knows their factors and biases in `theta`, whose other rows stay
/// as they are. Biases are converted to `pin`; what the two means differ by is added to them in halves, so that ratings
/// of known users and items are predicted as the model does. Without biases in `layout` that difference is lost. Throws
/// Error when the model knows none of the ids.
KnownIds start_from(const InitModel& init, const IdPair& ids, const FactorLayout& layout, double pin, double mean,
                    Vector& theta);

}  // namespace odot::inline ODOT_PRECISION
