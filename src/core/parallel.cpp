// The number of threads.
#include "odot/core/parallel.hpp"

namespace odot {

void set_threads(int threads) { omp_set_num_threads(threads > 0 ? threads : omp_get_num_procs()); }

int threads() { return omp_get_max_threads(); }

}  // namespace odot
