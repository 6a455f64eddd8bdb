// Measures on one thread what every chunk of ratings costs in a pass, from which tools/bench works out how the pass
// would go on many threads. Prints JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/options.hpp"
#include "bench/workload.hpp"
#include "kernels/masked_gradient.hpp"
#include "kernels/masked_line.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/train/train.hpp"
#include "train/initial_factors.hpp"

namespace odot::bench {
namespace {

// One reading of a chunk: of which side, where it begins, and how long it took.
struct Reading {
  const void* side;
  Offset begin;
  double seconds;
};

// Writes down how long every reading of a side takes. For one thread.
class TimingPager : public RatingPager {
 public:
  explicit TimingPager(std::vector<Reading>& readings) : readings_(readings) {}

  void before(Offset, Offset) override { watch_ = {}; }
  void after(Offset begin, Offset) override { readings_.push_back({this, begin, watch_.seconds()}); }

 private:
  std::vector<Reading>& readings_;
  Stopwatch watch_;
};

// A pass or a sweep: its chunks by parallel loop, in order, and the whole.
struct Course {
  std::vector<std::vector<double>> loops;
  double seconds = 0;

  double outside() const {
    double rest = seconds;
    for (const auto& loop : loops) {
      for (const double chunk : loop) rest -= chunk;
    }
    return rest;
  }
};

// Within a parallel loop one thread reads a side from front to back.
Course course_of(const std::vector<Reading>& readings, double seconds) {
  Course course;
  course.seconds = seconds;
  const Reading* last = nullptr;
  for (const Reading& reading : readings) {
    if (!last || reading.side != last->side || reading.begin <= last->begin) course.loops.emplace_back();
    course.loops.back().push_back(reading.seconds);
    last = &reading;
  }
  return course;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Of several courses of the same pass, chunk by chunk.
nlohmann::json median_course(const std::string& name, const std::vector<Course>& courses) {
  const auto of_all = [&](auto value) {
    std::vector<double> values;
    for (const Course& course : courses) values.push_back(value(course));
    return median(values);
  };
  std::vector<std::vector<double>> loops = courses.front().loops;
  for (std::size_t loop = 0; loop < loops.size(); ++loop) {
    for (std::size_t chunk = 0; chunk < loops[loop].size(); ++chunk) {
      loops[loop][chunk] = of_all([&](const Course& course) { return course.loops.at(loop).at(chunk); });
    }
  }
  return {{"name", name},
          {"seconds", of_all([](const Course& course) { return course.seconds; })},
          {"outside", of_all([](const Course& course) { return course.outside(); })},
          {"loops", loops}};
}

// `pass` reads ratings by pagers that write to `readings`.
template <class Pass>
nlohmann::json measure(const std::string& name, int repetitions, std::vector<Reading>& readings, Pass pass) {
  pass();
  std::vector<Course> courses;
  for (int time = 0; time < repetitions; ++time) {
    readings.clear();
    const Stopwatch watch;
    pass();
    courses.push_back(course_of(readings, watch.seconds()));
  }
  return median_course(name, courses);
}

nlohmann::json measure_kernels(RatingMatrix& ratings, int rank, int repetitions) {
  const ValueSummary& values = ratings.summary();
  ratings.subtract(values.mean);
  const FactorLayout layout{ratings.users(), ratings.items(), rank, true};
  const Vector theta = initial_factors(layout, std::sqrt(values.scale()), 0, values.scale(), 1);
  Vector out(theta.size());
  std::vector<Reading> readings;
  TimingPager user_pager(readings);
  TimingPager item_pager(readings);
  RatingSide by_user = ratings.by_user();
  RatingSide by_item = ratings.by_item();
  by_user.pager = &user_pager;
  by_item.pager = &item_pager;

  const std::size_t items = layout.item_row(0);
  MaskedGradient user_gradient(by_user, layout.stride());
  MaskedGradient item_gradient(by_item, layout.stride());
  MaskedLine line(by_user, layout.stride());
  return {measure("value and gradient", repetitions, readings,
                  [&] {
                    const Real* data = theta.data();
                    user_gradient(data, data + items, {1, 0, layout.user_pin()}, out.data());
                    item_gradient(data + items, data, {1, 0, layout.item_pin()}, out.data() + items);
                  }),
          measure("line coefficients", repetitions, readings,
                  [&] { line(theta.data(), theta.data() + items, theta.data(), theta.data() + items); })};
}

// Sweeps of blocks with newton; the first, from the random start, is not counted.
nlohmann::json measure_sweeps(const RatingMatrix& ratings, int rank, int repetitions) {
  std::vector<Reading> readings;
  TimingPager user_pager(readings);
  TimingPager item_pager(readings);
  StoredSide by_user = ratings.stored_by_user();
  StoredSide by_item = ratings.stored_by_item();
  by_user.pager = &user_pager;
  by_item.pager = &item_pager;
  // The ratings outlive what is made here.
  RatingMatrix watched(by_user, by_item, ratings.table(), ratings.summary(), nullptr);

  const TrainSettings settings{.method = "blocks", .rank = rank, .iterations = 1 + repetitions, .tolerance = 0};
  std::vector<Course> sweeps;
  double before = 0;
  train(RatingData(numbered_ids(ratings.users()), numbered_ids(ratings.items()), std::move(watched)), settings,
        [&](const TrainProgress& progress) {
          if (progress.counts.iterations > 1) sweeps.push_back(course_of(readings, progress.seconds - before));
          before = progress.seconds;
          readings.clear();
          return true;
        });
  // Sweeps may differ in what they read beside their blocks; those like the last one are compared.
  const auto same = [&](const Course& course) {
    return std::ranges::equal(course.loops, sweeps.back().loops, {}, &std::vector<double>::size,
                              &std::vector<double>::size);
  };
  std::vector<Course> alike;
  std::ranges::copy_if(sweeps, std::back_inserter(alike), same);
  return median_course("newton sweep", alike);
}

std::size_t bytes(const StoredSide& side) {
  return side.offsets.size_bytes() + side.indices.size_bytes() +
         side.indices.size() * (side.codes ? sizeof(*side.codes) : sizeof(*side.plain));
}

int bench(int argc, char** argv) {
  const std::vector<std::string> shapes = split(take_option(argc, argv, "shapes", "ml-1m,20m"));
  for (const std::string& name : shapes) shape(name);
  const std::vector<int> ranks = split_numbers("ranks", take_option(argc, argv, "ranks", "16,64"));
  const int repetitions = split_numbers("repetitions", take_option(argc, argv, "repetitions", "5")).front();
  if (argc > 1) {
    const bool help = std::string(argv[1]) == "--help" || std::string(argv[1]) == "-h";
    fmt::print(help ? stdout : stderr,
               "{}Usage: bench_chunks [--shapes=NAME,...] [--ranks=N,...] [--repetitions=N]\n\n"
               "Prints as JSON what each chunk of ratings costs on one thread, in seconds.\n\n"
               "  --shapes=NAME,...   ml-1m, 20m or small (default ml-1m,20m)\n"
               "  --ranks=N,...       default 16,64\n"
               "  --repetitions=N     the median of so many counts (default 5)\n",
               help ? "" : fmt::format("bench_chunks: unknown option '{}'\n", argv[1]));
    return help ? 0 : 2;
  }

  nlohmann::json all = nlohmann::json::array();
  for (const std::string& name : shapes) {
    RatingMatrix& ratings = ratings_of(name);
    set_threads(1);
    for (const int rank : ranks) {
      nlohmann::json courses = measure_kernels(ratings, rank, repetitions);
      ratings.subtract(0);
      courses.push_back(measure_sweeps(ratings, rank, repetitions));
      all.push_back({{"shape", name},
                     {"rank", rank},
                     {"ratings", ratings.size()},
                     {"users", ratings.users()},
                     {"items", ratings.items()},
                     {"matrix_bytes", bytes(ratings.stored_by_user()) + bytes(ratings.stored_by_item())},
                     {"courses", courses}});
    }
  }
  fmt::print("{}\n", all.dump());
  return 0;
}

}  // namespace
}  // namespace odot::bench

int main(int argc, char** argv) { return odot::bench::run("bench_chunks", odot::bench::bench, argc, argv); }
