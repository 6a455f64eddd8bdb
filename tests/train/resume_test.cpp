// A run that is broken off and resumed ends as an unbroken one does, to the last bit.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/train/train.hpp"
#include "support/mlp_problem.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

Data small_data() { return hold_out(synthesize({.users = 60, .items = 40, .ratings = 1500, .seed = 3}).list, 0.1, 1); }

// What is reported of a run, but for its seconds.
std::string words(const TrainReport& report) {
  const Summary& run = report.optimisation;
  const Counts& counts = run.counts;
  return fmt::format("{} {} {} {} | {} {} {} {} {} {} | {} {} {}", report.stop_reason,
                     report.best_iteration.value_or(-1), run.value, run.gradient_norm, counts.iterations,
                     counts.evaluations, counts.lines, counts.trials, counts.restarts, counts.floor_steps,
                     report.passes, report.train.rmse, report.valid->rmse);
}

// Runs `train_once(observer, checkpoints)` without a break, and broken off after each of `breaks` iterations.
template <class TrainOnce>
void check_resumes(TrainOnce train_once, const std::vector<int>& breaks) {
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  const auto unbroken = train_once(TrainObserver{}, CheckpointSettings{});
  bool resumes = false;
  for (const int at : breaks) {
    const auto broken = train_once([&](const TrainProgress& progress) { return progress.counts.iterations < at; },
                                   CheckpointSettings{.path = path, .resume = resumes ? path : ""});
    resumes = true;
    if (broken.report.stop_reason != "interrupted") break;
  }
  std::vector<int> seen;
  const auto resumed = train_once(
      [&](const TrainProgress& progress) {
        seen.push_back(progress.counts.iterations);
        return true;
      },
      CheckpointSettings{.path = path, .resume = path});
  CHECK(words(resumed.report) == words(unbroken.report));
  CHECK((file_bytes(resumed.model) == file_bytes(unbroken.model)));
  if (!seen.empty()) CHECK(seen.front() == breaks.back() + 1);
  // The last checkpoint is of the end: nothing is left to do.
  const auto again = train_once([](const TrainProgress&) -> bool { throw Error("there was something left to do"); },
                                CheckpointSettings{.resume = path});
  CHECK(words(again.report) == words(unbroken.report));
  CHECK((file_bytes(again.model) == file_bytes(unbroken.model)));
}

void check_resumes(const Data& data, const TrainSettings& settings, const std::vector<int>& breaks) {
  check_resumes(
      [&](const TrainObserver& observer, const CheckpointSettings& checkpoints) {
        return train(data.train, data.valid, settings, observer, checkpoints);
      },
      breaks);
}

TEST_CASE("every optimizer with every line search resumes to the same bits") {
  const Data data = small_data();
  for (const Algorithm& optimizer : optimizers()) {
    for (const Algorithm& search : line_searches()) {
      CAPTURE(optimizer.name);
      CAPTURE(search.name);
      TrainSettings settings{.method = "full"};
      settings.rank = 4;
      settings.optimizer = optimizer.name;
      settings.line_search = std::string(search.name);
      limit(settings, {.iterations = 17});
      check_resumes(data, settings, {0, 1, 4, 5, 11});
    }
  }
}

TEST_CASE("every way of solving rows resumes to the same bits") {
  const Data data = small_data();
  TrainSettings settings{.method = "blocks"};
  settings.rank = 4;
  limit(settings, {.iterations = 9});
  check_resumes(data, settings, {0, 1, 4, 5});
  for (const Algorithm& optimizer : optimizers()) {
    CAPTURE(optimizer.name);
    settings.optimizer = optimizer.name;
    check_resumes(data, settings, {0, 1, 4, 5});
  }
}

TEST_CASE("nnmf resumes to the same bits") {
  TrainSettings settings{.method = "nnmf"};
  settings.rank = 4;
  limit(settings, {.iterations = 30});
  check_resumes(small_data(), settings, {0, 1, 12, 13});
}

TEST_CASE("variational resumes to the same bits, whoever is moved") {
  const Data data = small_data();
  for (const std::string svdpp : {"none", "users", "items", "both"}) {
    CAPTURE(svdpp);
    TrainSettings settings{.method = "variational"};
    settings.rank = 4;
    settings.svdpp = svdpp;
    limit(settings, {.iterations = 9});
    check_resumes(data, settings, {0, 1, 4, 5});
    settings.early_stop = 3;
    limit(settings, {.iterations = 200});
    check_resumes(data, settings, {0, 1, 4, 5});
  }
}

TEST_CASE("variational of ordinal ratings resumes to the same bits") {
  const Data data = small_data();
  TrainSettings settings{.method = "variational"};
  settings.rank = 4;
  settings.svdpp = "both";
  settings.likelihood = "ordinal";
  settings.early_stop = 3;
  limit(settings, {.iterations = 200});
  check_resumes(data, settings, {0, 1, 4, 5});
}

TEST_CASE("gibbs resumes to the same bits, whoever is moved") {
  const Data data = small_data();
  for (const std::string svdpp : {"none", "users", "items", "both"}) {
    CAPTURE(svdpp);
    TrainSettings settings{.method = "gibbs"};
    settings.rank = 4;
    settings.svdpp = svdpp;
    settings.iterations = 9;
    settings.parameters = {{"burn-in", 3}, {"keep", 4}};
    check_resumes(data, settings, {0, 1, 4, 5});
    settings.early_stop = 3;
    settings.iterations = 200;
    check_resumes(data, settings, {0, 1, 4, 5});
  }
}

TEST_CASE("early stopping, tolerances and the best iterate survive a break") {
  const Data data = everyday_data();
  for (const std::string method : {"full", "blocks", "nnmf"}) {
    CAPTURE(method);
    TrainSettings settings{.method = method};
    settings.regularisation = Regularisation{0.1};
    settings.early_stop = 4;
    limit(settings, {.iterations = 300});
    int best = 0;
    int end = 0;
    train_on(data, settings, [&](const TrainProgress& progress) {
      best = progress.best->iteration;
      end = progress.counts.iterations;
      return true;
    });
    REQUIRE(end == best + 4);
    check_resumes(data, settings, {1, best, best + 2, end - 1});

    settings = {.method = method};
    settings.tolerance = 1e-3;
    if (method == "full") settings.gradient_tolerance = 1e-2;
    check_resumes(data, settings, {1, 2});
  }
}

TEST_CASE("networks resume to the same bits") {
  const MlpProblem problem = mlp_problem(500);
  const auto check_mlp = [&](const TrainSettings& settings, const std::vector<int>& breaks) {
    check_resumes(
        [&](const TrainObserver& observer, const CheckpointSettings& checkpoints) {
          return train_network(problem.train, problem.valid, problem.users, problem.items, settings, observer,
                               checkpoints);
        },
        breaks);
  };
  TrainSettings settings{.method = "mlp"};
  settings.layers = {8};
  settings.iterations = 9;
  settings.early_stop = 2;
  settings.parameters = {{"step", 0.02}};
  for (const std::size_t batch : {std::size_t{32}, std::size_t{0}, std::size_t{400}}) {
    CAPTURE(batch);
    settings.batch_size = batch;
    check_mlp(settings, {0, 1, 4});
  }
  settings.batch_size = 0;
  settings.parameters = {};
  settings.optimizer = "lbfgs";
  settings.line_search = "strong-wolfe";
  check_mlp(settings, {0, 1, 4});
}

TEST_CASE("a network that the time limit ended within an epoch resumes to the same bits") {
  const MlpProblem problem = mlp_problem(8000);
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  TrainSettings settings{.method = "mlp"};
  settings.layers = {64, 64};
  settings.iterations = 1;
  settings.batch_size = 16;
  const auto train_once = [&](const CheckpointSettings& checkpoints) {
    return train_network(problem.train, problem.valid, problem.users, problem.items, settings, {}, checkpoints);
  };
  const NetworkResult unbroken = train_once({});
  // Each limit is a little longer than the one before, so that some of them end in the midst of the only epoch.
  CheckpointSettings checkpoints{.path = path};
  for (settings.time_limit = 1e-3;; settings.time_limit = 1.25 * *settings.time_limit) {
    if (train_once(checkpoints).report.stop_reason != "time") break;
    checkpoints.resume = path;
  }
  settings.time_limit.reset();
  const NetworkResult resumed = train_once({.resume = path});
  CHECK(words(resumed.report) == words(unbroken.report));
  CHECK((file_bytes(resumed.model) == file_bytes(unbroken.model)));
}

TEST_CASE("a run that the iteration limit ended goes on with a higher one, on other threads too") {
  const Data data = small_data();
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  TrainSettings settings{.method = "full"};
  settings.optimizer = "lbfgs";
  limit(settings, {.iterations = 30});
  set_threads(3);
  const FactorResult whole = train_on(data, settings);
  settings.iterations = 12;
  train(data.train, data.valid, settings, {}, {.path = path, .iterations = 5});
  settings.iterations = 30;
  set_threads(2);
  const FactorResult resumed = train(data.train, data.valid, settings, {}, {.resume = path});
  set_threads(0);
  CHECK(words(resumed.report) == words(whole.report));
  CHECK((file_bytes(resumed.model) == file_bytes(whole.model)));
}

TEST_CASE("checkpoints change nothing and are written when they should be") {
  const Data data = small_data();
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  TrainSettings settings{.method = "blocks"};
  limit(settings, {.iterations = 11});
  const FactorResult without = train_on(data, settings);
  std::vector<int> written;  // seen one iteration later
  std::string last;
  const auto observer = [&](const TrainProgress& progress) {
    const std::string now = std::filesystem::exists(path) ? read_bytes(path) : "";
    if (now != last) written.push_back(progress.counts.iterations - 1);
    last = now;
    return true;
  };
  const FactorResult with = train(data.train, data.valid, settings, observer, {.path = path, .iterations = 4});
  CHECK(words(with.report) == words(without.report));
  CHECK((file_bytes(with.model) == file_bytes(without.model)));
  CHECK(written == std::vector<int>{0, 4, 8});
  CHECK((read_bytes(path) != last));  // that of the end
  written.clear();
  std::filesystem::remove(path);
  train(data.train, data.valid, settings, observer, {.path = path, .seconds = 1e-9});
  CHECK(written.size() >= 10);
}

TEST_CASE("a checkpoint that cannot be written is told, and training goes on") {
  const Data data = small_data();
  TrainSettings settings{.method = "blocks"};
  limit(settings, {.iterations = 3});
  std::vector<std::string> warnings;
  const FactorResult result =
      train(data.train, data.valid, settings, {},
            {.path = "/nowhere/checkpoint", .iterations = 1, .warn = [&](const std::string& text) {
               warnings.push_back(text);
             }});
  CHECK(result.report.stop_reason == "iterations");
  REQUIRE(warnings.size() == 4);
  CHECK(warnings[0].find("cannot write /nowhere/checkpoint") != std::string::npos);
}

// While it lives, files cannot grow beyond so many bytes, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_CASE("where there is no room for a checkpoint, the one before stays and can be resumed from") {
  const Data data = everyday_data();
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  TrainSettings settings{.method = "blocks"};
  limit(settings, {.iterations = 3});
  train(data.train, data.valid, settings, {}, {.path = path});
  const std::string before = read_bytes(path);
  settings.iterations = 6;
  const FactorResult whole = train_on(data, settings);
  int warnings = 0;
  const auto warn = [&](const std::string&) { ++warnings; };
  {
    const FileSizeLimit limit(20000);
    REQUIRE(before.size() > 20000);
    const FactorResult resumed =
        train(data.train, data.valid, settings, {}, {.path = path, .iterations = 1, .resume = path, .warn = warn});
    CHECK((resumed.model.theta == whole.model.theta));
  }
  CHECK(warnings == 3);
  CHECK((read_bytes(path) == before));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  const FactorResult resumed = train(data.train, data.valid, settings, {}, {.resume = path});
  CHECK((file_bytes(resumed.model) == file_bytes(whole.model)));
}

std::string refusal(const Data& data, const TrainSettings& settings, const std::string& path) {
  try {
    train(data.train, data.valid, settings, {}, {.resume = path});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("other settings, other ratings and other files are refused by name") {
  const Data data = small_data();
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  TrainSettings settings{.method = "full"};
  settings.rank = 4;
  limit(settings, {.iterations = 3});
  const FactorResult result = train(data.train, data.valid, settings, {}, {.path = path});
  REQUIRE(refusal(data, settings, path) == "");
  const auto has = [&](const std::string& text, const std::vector<std::string>& parts) {
    CAPTURE(text);
    for (const std::string& part : parts) CHECK(text.find(part) != std::string::npos);
  };
  TrainSettings other = settings;
  other.rank = 5;
  has(refusal(data, other, path), {path, "it is of another run", "rank was 4 there, and is 5 here"});
  other = settings;
  other.optimizer = "rmsprop";
  has(refusal(data, other, path), {"another run: optimizer was adam there, and is rmsprop here"});
  other = settings;
  other.early_stop = 2;
  has(refusal(data, other, path), {"early-stop was not set there, and is 2 here"});
  other = settings;
  other.time_limit = 100;
  other.iterations = 5;
  CHECK(refusal(data, other, path) == "");

  Data fewer = data;
  for (auto* column : {&fewer.train.ratings.user, &fewer.train.ratings.item}) column->pop_back();
  fewer.train.ratings.value.pop_back();
  has(refusal(fewer, settings, path), {"the number of training ratings was 1350 there, and is 1349 here"});
  Data changed = data;
  changed.train.ratings.value[7] += Real{0.5};
  has(refusal(changed, settings, path), {"the checksum of the training ratings was xxh3:"});
  changed = data;
  changed.valid.value[7] += Real{0.5};
  has(refusal(changed, settings, path), {"the checksum of the held-out ratings was"});
  changed = data;
  changed.train.users = IdTable();
  for (Index k = 0; k < data.train.users.size(); ++k) changed.train.users.add(fmt::format("u{}", k));
  has(refusal(changed, settings, path), {"the checksum of the users' and items' ids was"});

  const std::string bytes = read_bytes(path);
  for (const std::size_t at : {std::size_t{3}, std::size_t{40}, bytes.size() / 2, bytes.size() - 1}) {
    CAPTURE(at);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    write_bytes(folder / "damaged", damaged);
    has(refusal(data, settings, folder / "damaged"), {"cannot load the checkpoint"});
    write_bytes(folder / "short", bytes.substr(0, at));
    has(refusal(data, settings, folder / "short"), {"cannot load the checkpoint"});
  }
  has(refusal(data, settings, folder / "none"), {"there is no such file"});
  saved(result.model, folder / "model");
  has(refusal(data, settings, folder / "model"), {"it is a model: init-model starts from one"});
  CHECK_THROWS_WITH_AS(load_factorization(path), doctest::Contains("with resume"), Error);
}

}  // namespace
}  // namespace odot
