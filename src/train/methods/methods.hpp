// The library's own methods; src/train/methods.cpp has the list of them.
#pragma once

#include "train/factor_training.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

Method blocks_method();
Method full_method();
Method nnmf_method();
Method mlp_method();
Method variational_method();

/// What blocks and nnmf run.
TrainOutcome run_blocks(const TrainTask& task, Vector& theta);
TrainOutcome run_nnmf(const TrainTask& task, Vector& theta);

}  // namespace odot::inline ODOT_PRECISION
