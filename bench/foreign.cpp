// A process that is not odot's: it has loaded OpenMP's runtime and run a parallel region of its own before it loads
// what trains, as a program with NumPy in it would. Prints seconds of training, without reading, and the held-out RMSE.
//   bench_foreign RATINGS
#include <dlfcn.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_foreign RATINGS\n");
    return 2;
  }
  int threads = 0;
#pragma omp parallel reduction(+ : threads)
  threads += 1;
  const std::string program(argv[0]);
  const std::size_t slash = program.rfind('/');
  const std::string library =
      (slash == std::string::npos ? "./" : program.substr(0, slash + 1)) + "libbench_trainer.so";
  void* trainer = ::dlopen(library.c_str(), RTLD_NOW);
  if (!trainer) {
    std::fprintf(stderr, "bench_foreign: %s\n", ::dlerror());
    return 1;
  }
  using Train = int (*)(const char*, double*, double*);
  const auto train = reinterpret_cast<Train>(::dlsym(trainer, "bench_train"));
  double seconds = 0;
  double rmse = 0;
  if (!train || train(argv[1], &seconds, &rmse) != 0) return 1;
  std::printf("{\"threads\": %d, \"train_seconds\": %.6f, \"valid_rmse\": %.12f}\n", threads, seconds, rmse);
  return 0;
}
