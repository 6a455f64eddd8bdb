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
Method gibbs_method();

/// What blocks and nnmf run.
TrainOutcome run_blocks(const TrainTask& task, Vector& theta);
TrainOutcome run_nnmf(const TrainTask& task, Vector& theta);

/// What variational and gibbs make of a rank that was not chosen.
void decide_rank(const RatingMatrix& ratings, TrainSettings& settings);
/// Their Method::decides.
std::vector<std::pair<std::string, std::string>> decided_options();

}  // namespace odot::inline ODOT_PRECISION
