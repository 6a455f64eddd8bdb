// Files that change while they are read are noticed.
#include "core/input_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "odot/core/error.hpp"
#include "support/temporary_folder.hpp"

namespace odot {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::write_bytes;

// Of bytes in the middle, without changing the length; after the clock that files' times come from has gone on.
void overwrite(const std::string& path) {
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(3);
  file.put('!');
}

TEST_CASE("a file that is written to after it was opened has changed, and one that is renamed or replaced has not") {
  const TemporaryFolder folder;
  const std::string path = folder / "in";
  write_bytes(path, "0123456789");
  const InputFile file(path);
  CHECK(file.error() == 0);
  CHECK(file.is_regular());
  CHECK(file.size() == 10);
  CHECK_NOTHROW(file.check_unchanged());
  CHECK(InputFile::changed_one() == nullptr);
  fs::permissions(path, fs::perms(0600));
  fs::rename(path, folder / "moved");
  write_bytes(path, "another file");
  CHECK_NOTHROW(file.check_unchanged());

  overwrite(folder / "moved");
  CHECK_THROWS_AS(file.check_unchanged(), Error);
  REQUIRE(InputFile::changed_one() != nullptr);
  const std::string message = InputFile::changed_one();
  CHECK(message.find(path + ": the file changed while it was read") == 0);
  // Whatever else was wrong came of it.
  CHECK_THROWS_WITH(file.reading([]() -> int { throw Error("line 3 is no rating"); }), message.c_str());
}

TEST_CASE("a file that is cut off has changed, and is known while it is open") {
  const TemporaryFolder folder;
  const std::string path = folder / "in";
  write_bytes(path, "0123456789");
  {
    const InputFile file(path);
    fs::resize_file(path, 4);
    CHECK_THROWS_AS(file.check_unchanged(), Error);
    CHECK(InputFile::changed_one() != nullptr);
  }
  CHECK(InputFile::changed_one() == nullptr);
}

TEST_CASE("what cannot be opened is told by its error, and a pipe without a writer is not waited for") {
  const TemporaryFolder folder;
  CHECK(InputFile(folder / "none").error() == ENOENT);
  CHECK(InputFile(folder.path().string()).is_folder());
  const std::string pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const InputFile file(pipe, InputFile::Wait::never);
  CHECK(file.error() == 0);
  CHECK_FALSE(file.is_regular());
  CHECK_NOTHROW(file.check_unchanged());
}

TEST_CASE("a file with a mark beside it is refused") {
  const TemporaryFolder folder;
  write_bytes(folder / "in", "x");
  fs::create_symlink("in", folder / "link");
  write_bytes(folder / "in.odot-unfinished", "");
  CHECK_THROWS_AS(InputFile(folder / "in"), Error);
  CHECK_THROWS_AS(InputFile(folder / "link"), Error);
  fs::remove(folder / "in.odot-unfinished");
  CHECK(InputFile(folder / "link").error() == 0);
}

}  // namespace
}  // namespace odot
