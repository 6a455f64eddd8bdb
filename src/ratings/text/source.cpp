// Opening files: mapped, through a pipe, or decompressed.
#include "ratings/text/source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>

#include "odot/core/error.hpp"
#include "ratings/pages.hpp"
#include "ratings/text/decompress.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 18;

struct Descriptor {
  int number = -1;
  bool owned = true;
  ~Descriptor() {
    if (owned && number >= 0) ::close(number);
  }
};

[[noreturn]] void fail(const std::string& name, int cause, const Contents& contents) {
  const char* found = std::strerror(cause);
  if (cause == ENOENT) found = "no such file";
  if (cause == EACCES || cause == EPERM) found = "no permission to read it";
  throw Error(fmt::format("{}: found {}, expected a readable file of {}", name, found, contents.all),
              ErrorKind::system);
}

std::string read_to_end(int descriptor, const std::string& name, const Contents& contents) {
  std::string out;
  std::size_t size = 0;
  for (;;) {
    if (out.size() - size < kReadBytes) out.resize(out.size() * 2 + kReadBytes);
    const ssize_t got = ::read(descriptor, out.data() + size, out.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(name, errno, contents);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  out.resize(size);
  return out;
}

}  // namespace

Source::Source(const std::string& path, const Contents& contents) : name_(path == "-" ? "standard input" : path) {
  text_ = open(path, contents);
  if (text_.empty()) throw Error(fmt::format("{}: found an empty file, expected {}", name_, contents.all));
  const Compression compression = compression_of(text_);
  if (compression == Compression::none) return;
  compression_ = compression == Compression::gzip ? "gzip" : "zstd";
  memory_ = contents.bounded ? decompress(text_, compression, name_, most_decompressed(text_.size()))
                             : decompress(text_, compression, name_);
  mapped_.close();
  text_ = memory_;
  if (text_.empty())
    throw Error(fmt::format("{}: found an empty file inside the compression, expected {}", name_, contents.all));
}

void Source::release(std::size_t begin, std::size_t end) const { release_pages(text_.data() + begin, end - begin); }

std::string_view Source::open(const std::string& path, const Contents& contents) {
  Descriptor file{path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC), path != "-"};
  if (file.number < 0) fail(name_, errno, contents);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) fail(name_, errno, contents);
  if (S_ISDIR(status.st_mode))
    throw Error(fmt::format("{}: found a directory, expected a file of {}", name_, contents.all));
  // Standard input may already have been read in part, and a pipe cannot be mapped.
  if (path == "-" || !S_ISREG(status.st_mode)) {
    memory_ = read_to_end(file.number, name_, contents);
    return memory_;
  }
  if (status.st_size == 0) return {};
  try {
    mapped_.open(path);
  } catch (const std::exception& problem) {
    throw Error(fmt::format("{}: found a file that cannot be mapped ({}), expected a readable file of {}", name_,
                            problem.what(), contents.all),
                ErrorKind::system);
  }
  return {mapped_.data(), mapped_.size()};
}

}  // namespace odot::inline ODOT_PRECISION::reading
