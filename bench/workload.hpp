// The ratings that the benches work on.
#pragma once

#include <string>

#include "odot/ratings/rating_matrix.hpp"
#include "odot/ratings/synthetic.hpp"

namespace odot::bench {

/// "ml-1m": as many users, items and ratings as MovieLens 1M has; "20m": as many as the training part of a split of
/// MovieLens 20M; "small": for trying the benches. All with skewed activity and popularity. Throws Error for any other
/// name.
SyntheticSettings shape(const std::string& name);

/// The ratings of a shape, made when they are first asked for and kept until another shape is asked for. Nothing is
/// subtracted from them.
RatingMatrix& ratings_of(const std::string& name);

}  // namespace odot::bench
