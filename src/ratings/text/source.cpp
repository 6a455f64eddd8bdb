// Opening files: mapped, through a pipe, or decompressed.
#include "ratings/text/source.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "ratings/pages.hpp"
#include "ratings/text/decompress.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr const char* kStandardInput = "standard input";
constexpr std::size_t kReadBytes = std::size_t{1} << 18;

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

Source::Source(const std::string& path, const Contents& contents)
    : name_(path == "-" ? kStandardInput : path), file_(path) {
  text_ = open(contents);
  unpack(contents);
}

Source::Source(std::string text, StandardInput) : name_(kStandardInput), file_("-"), memory_(std::move(text)) {
  text_ = memory_;
  unpack(kRatings);
}

void Source::unpack(const Contents& contents) {
  if (text_.empty()) throw EmptyError(fmt::format("{}: found an empty file, expected {}", name_, contents.all));
  const Compression compression = compression_of(text_);
  if (compression == Compression::none) return;
  compression_ = compression == Compression::gzip ? "gzip" : "zstd";
  memory_ = reading([&] {
    return contents.bounded ? decompress(text_, compression, name_, most_decompressed(text_.size()))
                            : decompress(text_, compression, name_);
  });
  mapped_ = MappedBytes();
  text_ = memory_;
  if (text_.empty())
    throw EmptyError(fmt::format("{}: found an empty file inside the compression, expected {}", name_, contents.all));
}

void Source::release(std::size_t begin, std::size_t end) const { release_pages(text_.data() + begin, end - begin); }

std::string_view Source::open(const Contents& contents) {
  if (file_.error() != 0) fail(name_, file_.error(), contents);
  if (file_.is_folder()) throw Error(fmt::format("{}: found a directory, expected a file of {}", name_, contents.all));
  // Standard input may already have been read in part, and a pipe cannot be mapped.
  if (!file_.is_regular() || file_.descriptor() == STDIN_FILENO) {
    memory_ = read_to_end(file_.descriptor(), name_, contents);
    return memory_;
  }
  mapped_ = MappedBytes(file_.descriptor(), file_.size(), name_);
  return {mapped_.data(), mapped_.size()};
}

}  // namespace odot::inline ODOT_PRECISION::reading
