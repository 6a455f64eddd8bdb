// Temporaries that nobody can know before, what dead processes left, and outputs that belong together.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "core/output_folder.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "support/temporary_folder.hpp"

namespace odot {
namespace {

namespace fs = std::filesystem;
using test::read_bytes;
using test::TemporaryFolder;
using test::write_bytes;
using Names = std::vector<std::string>;

constexpr uid_t kNobody = 65534;

Names names_in(const fs::path& folder) {
  Names names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

mode_t mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

TEST_CASE("nothing that waits under a name of a temporary is written to") {
  const TemporaryFolder folder;
  write_bytes(folder / "victim", "precious");
  const std::string number = std::to_string(::getpid());
  for (const std::string& name : Names{"out." + number + ".tmp", "out.tmp", "out.odot-0000000000000000.tmp"}) {
    fs::create_symlink("victim", folder / name);
  }
  OutputFile file(folder / "out");
  file.write("new");
  file.commit();
  CHECK(read_bytes(folder / "out") == "new");
  CHECK(read_bytes(folder / "victim") == "precious");
}

TEST_CASE("two writers of one target do not mix, whatever their process numbers: the last one stays") {
  const TemporaryFolder folder;
  OutputFile one(folder / "out");
  OutputFile two(folder / "out");
  const std::string first(1'000'000, '1');
  const std::string second(900'000, '2');
  one.write(first);
  two.write(second);
  one.commit();
  CHECK(read_bytes(folder / "out") == first);
  two.commit();
  CHECK(read_bytes(folder / "out") == second);
  CHECK(names_in(folder.path()) == Names{"out"});
}

TEST_CASE("temporaries of dead processes are removed, those of the living and other files stay") {
  const TemporaryFolder folder;
  const std::string left = "out.odot-0123456789abcdef.tmp";
  const Names others{"out.odot-0123456789abcdeg.tmp", "out.odot-01.tmp", "other.odot-0123456789abcdef.tmp"};
  write_bytes(folder / left, "half");
  for (const std::string& name : others) write_bytes(folder / name, "");
  const pid_t child = ::fork();
  if (child == 0) {
    OutputFile killed(folder / "out");
    killed.write("half");
    killed.flush();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  CHECK(names_in(folder.path()).size() == 4);
  OutputFile living(folder / "out");
  living.write("whole");
  CHECK(names_in(folder.path()).size() == 4);
  { const OutputFile another(folder / "out"); }
  living.commit();
  CHECK(read_bytes(folder / "out") == "whole");
  for (const std::string& name : others) CHECK(fs::exists(folder / name));
  CHECK(names_in(folder.path()).size() == 4);
}

TEST_CASE("a link that another user made in a folder of everybody is not followed") {
  if (::geteuid() != 0) return;
  const TemporaryFolder folder;
  ::chmod(folder.path().c_str(), 01777);
  write_bytes(folder / "victim", "precious");
  fs::create_symlink("victim", folder / "out");
  REQUIRE(::lchown((folder / "out").c_str(), kNobody, kNobody) == 0);
  CHECK_THROWS_WITH_AS(OutputFile(folder / "out"), doctest::Contains("a link that another user made"), Error);
  CHECK(read_bytes(folder / "victim") == "precious");
}

TEST_CASE("names as long as file systems have them can be written") {
  const TemporaryFolder folder;
  const std::string path = folder / std::string(255, 'n');
  OutputFile file(path);
  file.write("x");
  file.commit();
  CHECK(read_bytes(path) == "x");
}

TEST_CASE("files are replaced together, and none where one cannot be") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) write_bytes(folder / name, "old");
  const auto replace = [&] {
    OutputFile a(folder / "a");
    OutputFile b(folder / "b");
    a.write("new");
    b.write("new");
    OutputFile* const both[] = {&a, &b};
    OutputFile::commit_together(both);
  };
  fs::create_directory(folder / "b.odot-unfinished");
  fs::create_directory(folder / "b.odot-unfinished/inside");
  CHECK_THROWS_AS(replace(), Error);
  CHECK(names_in(folder.path()) == Names{"a", "b", "b.odot-unfinished"});
  for (const char* name : {"a", "b"}) CHECK(read_bytes(folder / name) == "old");
  fs::remove_all(folder / "b.odot-unfinished");
  replace();
  CHECK(names_in(folder.path()) == Names{"a", "b"});
  for (const char* name : {"a", "b"}) CHECK(read_bytes(folder / name) == "new");
}

TEST_CASE("what is left of a process that was killed between two files is removed by the next one") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b", "a.odot-unfinished", "b.odot-unfinished"}) write_bytes(folder / name, "old");
  SUBCASE("together") {
    OutputFile a(folder / "a");
    OutputFile b(folder / "b");
    OutputFile* const both[] = {&a, &b};
    OutputFile::commit_together(both);
    CHECK(names_in(folder.path()) == Names{"a", "b"});
  }
  SUBCASE("one by one") {
    OutputFile a(folder / "a");
    a.commit();
    CHECK(names_in(folder.path()) == Names{"a", "b", "b.odot-unfinished"});
  }
}

// A folder with the files a and b.
void make_folder(const std::string& path) {
  OutputFolder folder(path);
  for (const char* name : {"a", "b"}) folder.add(name).write("new");
  folder.commit();
}

TEST_CASE("a new folder comes with all its files, and one that is there and empty gets them") {
  const TemporaryFolder folder;
  const std::string path = folder / "out";
  {
    OutputFolder unfinished(path);
    unfinished.add("a").write("half");
    CHECK_FALSE(fs::exists(path));
  }
  CHECK(names_in(folder.path()).empty());
  make_folder(path + "/");
  CHECK(names_in(path) == Names{"a", "b"});
  CHECK(read_bytes(path + "/b") == "new");
  CHECK_THROWS_WITH_AS(make_folder(path), doctest::Contains("not empty"), Error);

  const std::string empty = folder / "empty";
  fs::create_directory(empty);
  ::chmod(empty.c_str(), 02750);
  make_folder(empty);
  CHECK(names_in(empty) == Names{"a", "b"});
  CHECK(mode_of(empty) == 02750);
  CHECK(names_in(folder.path()) == Names{"empty", "out"});
}

TEST_CASE("a folder that was filled meanwhile stays as it is, and what a killed process left is removed") {
  const TemporaryFolder folder;
  const std::string path = folder / "out";
  fs::create_directory(path + ".odot-0123456789abcdef.tmp");
  write_bytes(path + ".odot-0123456789abcdef.tmp/a", "half");
  OutputFolder output(path);
  CHECK_FALSE(fs::exists(path + ".odot-0123456789abcdef.tmp"));
  output.add("a").write("new");
  fs::create_directory(path);
  write_bytes(path + "/mine", "mine");
  CHECK_THROWS_WITH_AS(output.commit(), doctest::Contains("filled meanwhile"), Error);
  CHECK(names_in(path) == Names{"mine"});
}

TEST_CASE("the folder that the process runs in gets its files") {
  CHECK_THROWS_WITH_AS(OutputFolder("/proc"), doctest::Contains("/proc: the folder is there already"), Error);
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  make_folder(".");
  CHECK(names_in(folder.path()) == Names{"a", "b"});
  fs::current_path(before);
}

TEST_CASE("a folder where a file system is mounted gets its files") {
  const TemporaryFolder folder;
  // In a process of its own, whose mounts nobody else sees.
  const pid_t child = ::fork();
  if (child == 0) {
    const bool mounted = ::unshare(CLONE_NEWNS) == 0 &&
                         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mount("none", folder.path().c_str(), "tmpfs", 0, nullptr) == 0;
    if (!mounted) ::_exit(2);
    fs::create_directory(folder / "lost+found");
    try {
      make_folder(folder.path().string());
    } catch (const Error&) {
      ::_exit(1);
    }
    ::_exit(names_in(folder.path()) == Names{"a", "b", "lost+found"} ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 2) MESSAGE("skipped: this process may not mount anything");
  CHECK(WEXITSTATUS(status) != 1);
}

TEST_CASE("what a killed command left in a folder that is there is removed, and nothing else") {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  const std::string mark = folder / ".odot-unfinished";
  const auto kill_another = [&] {
    for (const char* name : {"old", "old.odot-unfinished", "x.odot-0123456789abcdef.tmp"}) {
      write_bytes(folder / name, "of another");
    }
    write_bytes(mark, "old\nother\n../mine\n");
  };
  kill_another();
  const int held = ::open(mark.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  CHECK_THROWS_WITH_AS(OutputFolder{path}, doctest::Contains("not empty"), Error);  // another works in it
  CHECK(fs::exists(folder / "old"));
  ::close(held);
  make_folder(path);
  CHECK(names_in(path) == Names{"a", "b"});
  kill_another();
  CHECK_THROWS_WITH_AS(OutputFolder{path}, doctest::Contains("not empty"), Error);
  CHECK(names_in(path) == Names{"a", "b"});
}

}  // namespace
}  // namespace odot
