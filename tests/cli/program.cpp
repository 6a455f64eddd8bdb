#include "program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace odot::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kPatience{2};
constexpr std::chrono::milliseconds kWidth{500};
constexpr uid_t kNobody = 65534;
constexpr int kNotStarted = 125;

struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  }
  std::array<int, 2> ends{};
};

// A terminal: what the program gets, and what we read from.
Pipe open_terminal() {
  Pipe pipe;
  for (const int end : pipe.ends) ::close(end);
  const int ours = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ours < 0 || ::grantpt(ours) != 0 || ::unlockpt(ours) != 0) throw std::runtime_error("no terminal");
  pipe.ends = {ours, ::open(::ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC)};
  return pipe;
}

void resize(int terminal, unsigned short columns) {
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  REQUIRE(::ioctl(terminal, TIOCSWINSZ, &size) == 0);
}

[[noreturn]] void become_program(const std::string& folder, std::vector<char*>& words, const Conditions& conditions,
                                 const std::array<int, 3>& streams) {
  for (int stream = 0; stream < 3; ++stream) ::dup2(streams[static_cast<std::size_t>(stream)], stream);
  if (conditions.close >= 0) ::close(conditions.close);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  bool ready = ::chdir(folder.c_str()) == 0;
  for (const auto& [resource, most] : conditions.limits) {
    const rlimit limit{most, most};
    ready = ready && ::setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0;
  }
  if (conditions.unprivileged && ::geteuid() == 0) {
    ready = ready && ::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0;
  }
  if (ready) ::execv(words[0], words.data());
  ::_exit(kNotStarted);
}

// Takes what there is; false at the end.
bool take(int descriptor, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
  if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

void send(pid_t child, const std::vector<int>& signals) {
  if (signals.empty()) return;
  ::kill(child, SIGSTOP);
  for (const int number : signals) ::kill(child, number);
  ::kill(child, SIGCONT);
}

}  // namespace

bool has_terminals() {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return false;
  ::close(terminal);
  return true;
}

Outcome run(const TemporaryFolder& in, const Words& arguments, const Conditions& conditions) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto target = [](const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  };
  Pipe input;
  Pipe out;
  Pipe err = conditions.terminal ? open_terminal() : Pipe();
  std::array<int, 3> streams{input.ends[0], out.ends[1], err.ends[1]};
  if (!conditions.out_file.empty()) streams[1] = target(conditions.out_file);
  if (!conditions.err_file.empty()) streams[2] = target(conditions.err_file);

  Words all{ODOT_PROGRAM};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> words;
  for (std::string& word : all) words.push_back(word.data());
  words.push_back(nullptr);
  const std::string folder = in.path().string();
  const pid_t child = ::fork();
  if (child == 0) become_program(folder, words, conditions, streams);
  REQUIRE(child > 0);
  ::close(input.ends[0]);
  ::close(out.ends[1]);
  ::close(err.ends[1]);
  if (!conditions.out_file.empty()) ::close(streams[1]);
  if (!conditions.err_file.empty()) ::close(streams[2]);
  // All inputs of the tests fit into a pipe.
  if (!conditions.input.empty()) {
    REQUIRE(::write(input.ends[1], conditions.input.data(), conditions.input.size()) ==
            static_cast<ssize_t>(conditions.input.size()));
  }
  if (!conditions.keep_input_open) ::close(input.ends[1]);

  Outcome outcome;
  bool sent = !conditions.ready;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::array<pollfd, 2> watched{pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
  bool late = false;
  std::size_t widths = 0;
  const auto start = std::chrono::steady_clock::now();
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    ::poll(watched.data(), watched.size(), 10);
    if (watched[0].revents && !take(watched[0].fd, outcome.out)) watched[0].fd = -1;
    if (watched[1].revents && !take(watched[1].fd, outcome.err)) watched[1].fd = -1;
    if (widths < conditions.columns.size() && std::chrono::steady_clock::now() >= start + widths * kWidth) {
      resize(err.ends[0], conditions.columns[widths++]);
    }
    if (!sent && conditions.ready()) {
      send(child, conditions.signals);
      sent = true;
    }
    if (!late && std::chrono::steady_clock::now() > deadline) {
      late = true;
      ::kill(child, SIGKILL);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(out.ends[0]);
  ::close(err.ends[0]);
  if (conditions.keep_input_open) ::close(input.ends[1]);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  CHECK_MESSAGE(!late, "odot did not end");
  if (!conditions.unprivileged) REQUIRE_MESSAGE(outcome.code != kNotStarted, "cannot start " ODOT_PROGRAM);
  return outcome;
}

Outcome Session::done(const Words& words, const Conditions& conditions) const {
  Outcome outcome = run(folder, words, conditions);
  CAPTURE(words);
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  return outcome;
}

void Session::refused(int code, const Words& words, const Words& message) const {
  const Words before = files_in(folder);
  const Outcome outcome = run(folder, words);
  CAPTURE(words);
  CAPTURE(outcome.err);
  CHECK(outcome.code == code);
  CHECK(outcome.out == "");
  CHECK(files_in(folder) == before);
  check_has(outcome.err, message);
}

bool can_run_unprivileged(const TemporaryFolder& in) {
  fs::permissions(in.path(), fs::perms(0755));
  if (run(in, {"--version"}, {.unprivileged = true}).code == 0) return true;
  MESSAGE("skipped: an unprivileged user cannot run " ODOT_PROGRAM);
  return false;
}

Words files_in(const TemporaryFolder& folder) {
  Words names;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    names.push_back(fs::relative(entry.path(), folder.path()).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void check_has(const std::string& text, const Words& parts) {
  CAPTURE(text);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string small_ratings() {
  std::string text;
  for (int user = 1; user <= 30; ++user) {
    for (int item = 1; item <= 20; ++item) {
      if ((user * 7 + item * 3) % 5 == 0) continue;
      const int rating = 1 + (user * item + user / 3 + item / 4) % 5;
      text += std::to_string(user) + "," + std::to_string(item) + "," + std::to_string(rating) + "\n";
    }
  }
  return text;
}

void write_rated_features(const TemporaryFolder& folder, int users) {
  std::string user_lines = "user_id,age,sex\n";
  for (int k = 1; k <= users; ++k) user_lines += fmt::format("{},{},{}\n", k, 19 + k, k % 2 ? "F" : "M");
  std::string item_lines = "item_id,kind\n";
  for (int k = 1; k <= 20; ++k) item_lines += fmt::format("{},{}\n", k, k % 3 ? "book" : "film|book");
  write_bytes(folder / "users.csv", user_lines);
  write_bytes(folder / "items.csv", item_lines);
  write_bytes(folder / "r.csv", small_ratings());
}

std::vector<Words> fields_of(const std::string& text, char separator) {
  std::vector<Words> all;
  for (const std::string& line : lines_of(text)) {
    std::istringstream stream(line);
    Words& fields = all.emplace_back();
    for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
  }
  return all;
}

}  // namespace odot::test
