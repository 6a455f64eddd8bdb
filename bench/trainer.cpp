// odot as part of a shared object with a C interface: what bench_foreign loads.
#include <cstdio>
#include <exception>

#include "odot/odot.hpp"

/// Trains with the defaults on nine tenths of the ratings in a file; returns 0, or 1 after a message.
extern "C" int bench_train(const char* path, double* seconds, double* rmse) try {
  odot::RatingList list = odot::read_ratings({path}).list;
  const odot::Split split = odot::split_ratings(list, 0.1, 1);
  odot::Triples valid = odot::select(list.ratings, split.test);
  list.ratings = odot::select(list.ratings, split.train);
  const odot::TrainReport report = odot::train({std::move(list), std::move(valid)}, {.method = "blocks"}).report;
  *seconds = report.optimisation.seconds;
  *rmse = report.valid->rmse;
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_foreign: %s\n", error.what());
  return 1;
}
