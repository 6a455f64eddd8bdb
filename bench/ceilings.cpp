// Measures what bounds the kernels on this machine: multiply-adds in a second, and bytes loaded in a second from each
// level of memory, with the vectors that the kernels use.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/ceilings.cpp"
#include <hwy/foreach_target.h>

#include "kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::HWY_NAMESPACE {
namespace {

// More than two units times the latency of a multiply-add, and together with what they are made of no more than the
// registers that AVX2 has.
constexpr std::size_t kSums = 12;

// `rounds` of kSums multiply-adds that do not depend on one another; returns the operations.
template <class D>
double multiply_adds(D d, std::size_t rounds, hn::TFromD<D>* out) {
  using T = hn::TFromD<D>;
  hn::Vec<D> sum[kSums];
  const auto factor = hn::Set(d, static_cast<T>(0.75));
  const auto term = hn::Set(d, static_cast<T>(0.5));
  unroll<kSums>([&](auto k) HWY_ATTR { sum[k] = hn::Set(d, static_cast<T>(k)); });
  for (std::size_t round = 0; round < rounds; ++round) {
    unroll<kSums>([&](auto k) HWY_ATTR { sum[k] = hn::MulAdd(sum[k], factor, term); });
  }
  unroll<kSums>([&](auto k) HWY_ATTR { hn::StoreU(sum[k], d, out + k * hn::MaxLanes(d)); });
  return static_cast<double>(2 * rounds * kSums * hn::MaxLanes(d));
}

HWY_FLATTEN double float_multiply_adds(std::size_t rounds, float* out) {
  return multiply_adds(hn::ScalableTag<float>(), rounds, out);
}

HWY_FLATTEN double double_multiply_adds(std::size_t rounds, double* out) {
  return multiply_adds(hn::ScalableTag<double>(), rounds, out);
}

// Reads `count` Reals, a multiple of 256, `times` times from the first to the last.
HWY_FLATTEN Real load_all(const Real* data, std::size_t count, std::size_t times) {
  constexpr std::size_t kVectors = 8;
  const Tag d;
  Vec sum[kVectors];
  unroll<kVectors>([&](auto k) HWY_ATTR { sum[k] = hn::Zero(d); });
  for (std::size_t time = 0; time < times; ++time) {
    for (std::size_t at = 0; at < count; at += kVectors * kVecLanes) {
      unroll<kVectors>([&](auto k) HWY_ATTR { sum[k] = hn::Add(sum[k], hn::Load(d, data + at + k * kVecLanes)); });
    }
  }
  unroll<kVectors - 1>([&](auto k) HWY_ATTR { sum[0] = hn::Add(sum[0], sum[k + 1]); });
  return lane_sum(sum[0]);
}

const char* target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace
}  // namespace odot::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "bench/options.hpp"
#include "odot/core/memory.hpp"
#include "odot/core/vector.hpp"

namespace odot::bench {
namespace {

HWY_EXPORT(float_multiply_adds);
HWY_EXPORT(double_multiply_adds);
HWY_EXPORT(load_all);
HWY_EXPORT(target);

struct Level {
  const char* name;
  std::size_t size;  // bytes, of one core's or of all; 0 for memory
  std::size_t used;  // bytes that each thread reads
};

// What the system says of a cache, or what is usual where it says nothing.
std::size_t cache_size(int name, std::size_t usual) {
  const long said = sysconf(name);
  return said > 0 ? static_cast<std::size_t>(said) : usual;
}

// Sizes well inside each level and well outside the one before. The third level may be shared with others that are not
// seen, so only a small part of it is used; and memory is read far beyond what it can hold, as long as there is room.
std::array<Level, 4> levels(std::size_t threads, std::size_t most) {
  const std::size_t first = cache_size(_SC_LEVEL1_DCACHE_SIZE, std::size_t{32} << 10);
  const std::size_t second = std::max(cache_size(_SC_LEVEL2_CACHE_SIZE, std::size_t{1} << 20), 4 * first);
  const std::size_t third = std::max(cache_size(_SC_LEVEL3_CACHE_SIZE, std::size_t{32} << 20), 4 * second);
  const std::size_t far = std::min({std::max(4 * third, std::size_t{256} << 20), memory_limit() / 4, most});
  std::array<Level, 4> all{{{"L1", first, first / 2},
                            {"L2", second, second / 2},
                            {"L3", third, std::min({8 * second, third / 2 / threads, most / threads})},
                            {"memory", 0, far / threads}}};
  constexpr std::size_t kStep = 4096;  // of what is read, for whole rounds of the loop
  for (Level& level : all) level.used = std::max(level.used / kStep, std::size_t{1}) * kStep;
  return all;
}

template <class T, class Function>
void measure_multiply_adds(benchmark::State& state, Function function) {
  std::array<T, 1024> out;
  double operations = 0;
  for (auto _ : state) {
    operations += function(std::size_t{100'000}, out.data());
    benchmark::DoNotOptimize(out);
  }
  state.counters["operations_per_second"] = benchmark::Counter(operations, benchmark::Counter::kIsRate);
}

void measure_loads(benchmark::State& state, std::size_t bytes) {
  const Vector data(bytes / sizeof(Real), Real{1});
  const std::size_t times = std::max<std::size_t>(1, (std::size_t{1} << 20) / bytes);
  for (auto _ : state) benchmark::DoNotOptimize(HWY_DYNAMIC_DISPATCH(load_all)(data.data(), data.size(), times));
  const double total = static_cast<double>(bytes * times) * static_cast<double>(state.iterations());
  state.counters["bytes_per_second"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
  state.counters["bytes_of_a_thread"] = benchmark::Counter(static_cast<double>(bytes), benchmark::Counter::kAvgThreads);
}

void print_help() {
  fmt::print(
      "Usage: bench_ceilings [--threads=N,...] [--most-bytes=N] [--benchmark_...]\n\n"
      "Measures multiply-adds and loads in a second. Options of its own:\n"
      "  --threads=N,...   numbers of threads (default: 1 and one for each core)\n"
      "  --most-bytes=N    read no more than that at a time\n\n"
      "Those of Google Benchmark, e.g. --benchmark_format=json, are in its documentation.\n");
}

int bench(int argc, char** argv) {
  const std::vector<int> threads = split_numbers("threads", take_option(argc, argv, "threads", one_and_all_threads()));
  const std::size_t most = std::stoull(take_option(argc, argv, "most-bytes", "1000000000000"));
  benchmark::Initialize(&argc, argv, print_help);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;

  benchmark::AddCustomContext("instruction_set", HWY_DYNAMIC_DISPATCH(target)());
  benchmark::AddCustomContext("real_bytes", std::to_string(sizeof(Real)));
  for (const Level& level : levels(1, most)) {
    benchmark::AddCustomContext(fmt::format("{}_bytes", level.name), std::to_string(level.size));
  }
  for (const int count : threads) {
    const auto add = [count](const std::string& name, auto function) {
      benchmark::RegisterBenchmark(name.c_str(), function)->Threads(count)->UseRealTime();
    };
    add("multiply_add/float", [](benchmark::State& state) {
      measure_multiply_adds<float>(state, HWY_DYNAMIC_DISPATCH(float_multiply_adds));
    });
    add("multiply_add/double", [](benchmark::State& state) {
      measure_multiply_adds<double>(state, HWY_DYNAMIC_DISPATCH(double_multiply_adds));
    });
    for (const Level& level : levels(static_cast<std::size_t>(count), most)) {
      add(fmt::format("load/{}", level.name),
          [bytes = level.used](benchmark::State& state) { measure_loads(state, bytes); });
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace odot::bench

int main(int argc, char** argv) { return odot::bench::run("bench_ceilings", odot::bench::bench, argc, argv); }
#endif  // HWY_ONCE
