// Output files are complete or not there.
#include "odot/core/output_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "odot/core/error.hpp"
#include "support/temporary_folder.hpp"

namespace odot {
namespace {

namespace fs = std::filesystem;
using test::read_bytes;
using test::TemporaryFolder;
using test::write_bytes;

std::size_t entries(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

std::string message_of(const std::string& path) {
  try {
    OutputFile file(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("commit puts the whole file in place and leaves nothing else") {
  const TemporaryFolder folder;
  const std::string path = folder / "out";
  {
    OutputFile file(path);
    file.write("first ");
    file.write(std::string(100'000, 'x'));
    CHECK_FALSE(fs::exists(path));
    file.commit();
  }
  CHECK(read_bytes(path) == "first " + std::string(100'000, 'x'));
  CHECK(entries(folder) == 1);
}

TEST_CASE("without commit the old file stays and no trace is left") {
  const TemporaryFolder folder;
  const std::string path = folder / "out";
  write_bytes(path, "old");
  {
    OutputFile file(path);
    file.write("new");
    file.flush();
  }
  CHECK(read_bytes(path) == "old");
  CHECK(entries(folder) == 1);
  {
    OutputFile file(folder / "other");
    file.write("new");
  }
  CHECK(entries(folder) == 1);
}

TEST_CASE("a replaced file keeps its permissions") {
  const TemporaryFolder folder;
  const std::string path = folder / "out";
  write_bytes(path, "old");
  const mode_t before = ::umask(022);
  ::chmod(path.c_str(), 0664);
  OutputFile file(path);
  file.write("new");
  file.commit();
  ::umask(before);
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0664);
}

TEST_CASE("a symbolic link is followed, not replaced") {
  const TemporaryFolder folder;
  write_bytes(folder / "target", "old");
  fs::create_symlink("target", folder / "link");
  OutputFile file(folder / "link");
  file.write("new");
  file.commit();
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(read_bytes(folder / "target") == "new");
}

TEST_CASE("what cannot be written is refused when it is opened") {
  const TemporaryFolder folder;
  CHECK(message_of(folder.path().string()).find("is a directory") != std::string::npos);
  const std::string lost = message_of(folder / "no/such/file");
  CHECK(lost.find("does the folder exist?") != std::string::npos);
  CHECK(lost.find("no/such/file") != std::string::npos);
  write_bytes(folder / "file", "");
  CHECK_FALSE(message_of(folder / "file/below").empty());
  CHECK(entries(folder) == 1);
}

TEST_CASE("a device is written in place, and a full one is an error") {
  OutputFile null("/dev/null");
  null.write("anything");
  null.commit();
  CHECK(fs::is_character_file("/dev/null"));

  if (!fs::exists("/dev/full")) return;
  OutputFile full("/dev/full");
  CHECK_THROWS_AS(
      {
        full.write(std::string(1'000'000, 'x'));
        full.commit();
      },
      Error);
}

}  // namespace
}  // namespace odot
