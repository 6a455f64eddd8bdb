// The samples that Gibbs' sampler keeps, from which the model is made.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factorization.hpp"
#include "train/posterior/sampler_layout.hpp"
#include "train/row_inputs.hpp"

namespace odot::inline ODOT_PRECISION {

/// Puts the sample as it is into `place` of those that the model is the mean of, places after which hold nothing yet.
/// Items stand there with the means that they were drawn about, `item_means`, whose products with the users have the
/// same expectation and less variance (Rao & Blackwell); `item_variances` are those about these means.
void keep_sample(const SamplerLayout& layout, int place, const Vector& item_means, const Vector& item_variances,
                 Vector& all);

/// Makes the vector that was trained, which is model.theta, a model of the samples that were kept. `users` and `items`
/// say whose rows partners move, `inputs` what is known of features.
void move_kept(const SamplerLayout& layout, bool users, bool items, const SideInputs& inputs, Factorization& model);

}  // namespace odot::inline ODOT_PRECISION
