// The sweeps of method variational, and where they start.
#pragma once

#include <memory>

#include "odot/core/precision.hpp"
#include "train/factor_training.hpp"
#include "train/posterior/posterior_layout.hpp"
#include "train/sweeps.hpp"

namespace odot::inline ODOT_PRECISION {

/// Where things are in the vector that is trained.
PosteriorLayout posterior_layout(const FactorLayout& factors, const TrainSettings& settings, const SideInputs& inputs,
                                 const OrdinalLink* link);

/// That vector at the start.
Vector start_variational(const StartTask& task);

/// `all` as started, or restored; what the task refers to must outlive it.
std::unique_ptr<Sweeper> variational_sweeper(const TrainTask& task, Vector& all);

}  // namespace odot::inline ODOT_PRECISION
