// zlib and libzstd, called directly: Boost's zstd filter takes a truncated file for a complete one.
#include "ratings/text/decompress.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr std::size_t kLeastRoom = std::size_t{1} << 18;
constexpr std::size_t kMostCredibleRatio = 32;

[[noreturn]] void truncated(const std::string& name, const char* format) {
  throw Error(
      fmt::format("{}: found {} data that end too early, expected a complete file (it may have been cut off "
                  "when it was copied)",
                  name, format));
}

[[noreturn]] void damaged(const std::string& name, const char* format, const char* detail) {
  throw Error(fmt::format("{}: found damaged {} data ({}), expected an intact file", name, format,
                          detail ? detail : "no detail"));
}

/// A string that grows geometrically while a decompressor writes into it.
class Output {
 public:
  /// `size` is what a header claims; a false claim must not take much memory.
  Output(std::size_t size, std::size_t compressed, const std::string& name, std::size_t most)
      : name_(name), most_(most), bytes_(std::min(size, kMostCredibleRatio * compressed) + 2 * kLeastRoom, '\0') {}
  /// Valid until room() is called.
  char* next() { return bytes_.data() + used_; }
  std::size_t room() {
    if (bytes_.size() - used_ < kLeastRoom) bytes_.resize(bytes_.size() * 2);
    return bytes_.size() - used_;
  }
  void advance(std::size_t count) {
    used_ += count;
    if (used_ <= most_) return;
    throw Error(
        fmt::format("{}: found compressed data that become more than {} bytes, expected less of a file of this "
                    "size: decompress it first if it is as it should be",
                    name_, most_));
  }
  std::string take() {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  const std::string& name_;
  std::size_t most_;
  std::string bytes_;
  std::size_t used_ = 0;
};

unsigned int as_unsigned(std::size_t size) {
  return static_cast<unsigned int>(std::min<std::size_t>(size, std::numeric_limits<unsigned int>::max()));
}

/// The last four bytes of gzip data are the size of the last member (modulo 2^32), low byte first.
std::size_t claimed_gzip_size(std::string_view in) {
  std::size_t size = 0;
  for (std::size_t k = 0; k < 4 && k < in.size(); ++k)
    size = size << 8 | static_cast<unsigned char>(in[in.size() - 1 - k]);
  return size;
}

std::size_t claimed_zstd_size(std::string_view in) {
  const unsigned long long size = ZSTD_getFrameContentSize(in.data(), in.size());
  return size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ? 4 * in.size() : size;
}

std::string gunzip(std::string_view in, const std::string& name, std::size_t most) {
  constexpr int kGzipOnly = 15 + 16;  // zlib's largest window, with a gzip header
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  Output out(claimed_gzip_size(in), in.size(), name, most);
  std::size_t used = 0;
  for (;;) {
    const unsigned int given = as_unsigned(in.size() - used);
    const unsigned int room = as_unsigned(out.room());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data() + used));
    stream.avail_in = given;
    stream.next_out = reinterpret_cast<Bytef*>(out.next());
    stream.avail_out = room;
    const int status = inflate(&stream, Z_NO_FLUSH);
    used += given - stream.avail_in;
    out.advance(room - stream.avail_out);
    if (status == Z_STREAM_END) {
      // gzip allows several members one after the other, and zeros that pad the last one.
      if (in.find_first_not_of('\0', used) == std::string_view::npos) return out.take();
      if (compression_of(in.substr(used)) != Compression::gzip && in.size() - used > 1)
        damaged(name, "gzip", "other bytes follow its end");
      inflateReset(&stream);
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      damaged(name, "gzip", stream.msg);
    } else if (used == in.size() && stream.avail_out > 0) {
      truncated(name, "gzip");
    }
  }
}

std::string unzstd(std::string_view in, const std::string& name, std::size_t most) {
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  if (!stream) throw std::bad_alloc();
  Output out(claimed_zstd_size(in), in.size(), name, most);
  ZSTD_inBuffer source{in.data(), in.size(), 0};
  for (;;) {
    const std::size_t room = out.room();
    ZSTD_outBuffer target{out.next(), room, 0};
    const std::size_t status = ZSTD_decompressStream(stream.get(), &target, &source);
    if (ZSTD_isError(status)) damaged(name, "zstd", ZSTD_getErrorName(status));
    out.advance(target.pos);
    if (source.pos < source.size) continue;
    if (status == 0) return out.take();
    if (target.pos < target.size) truncated(name, "zstd");
  }
}

}  // namespace

Compression compression_of(std::string_view bytes) {
  if (bytes.starts_with("\x1f\x8b")) return Compression::gzip;
  if (bytes.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  // Parallel compressors start with a frame that decoders skip; its magic number is 0x184D2A5?.
  if (bytes.size() > 4 && (static_cast<unsigned char>(bytes[0]) & 0xf0) == 0x50 && bytes.substr(1, 3) == "\x2a\x4d\x18")
    return Compression::zstd;
  return Compression::none;
}

std::string decompress(std::string_view bytes, Compression compression, const std::string& name, std::size_t most) {
  return compression == Compression::gzip ? gunzip(bytes, name, most) : unzstd(bytes, name, most);
}

}  // namespace odot::inline ODOT_PRECISION::reading
