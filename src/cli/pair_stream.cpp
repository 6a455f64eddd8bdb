// Reading standard input as it comes.
#include "cli/pair_stream.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "odot/core/error.hpp"
#include "ratings/text/collect.hpp"
#include "ratings/text/decompress.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/matrix_market.hpp"
#include "ratings/text/source.hpp"

namespace odot::cli {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

// Bytes up to the end of the last line that has come in full and lies in no quotes.
std::size_t whole_lines(const std::string& text) {
  const std::size_t end = text.rfind('\n') + 1;
  return std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '"') % 2 == 0 ? end : 0;
}

}  // namespace

PairStream::PairStream(ReadSettings settings) : settings_(std::move(settings)) { check(settings_); }

bool PairStream::is_standard_input() {
  struct stat status {};
  return ::fstat(STDIN_FILENO, &status) == 0 && !S_ISREG(status.st_mode);
}

bool PairStream::read_more() {
  const std::size_t size = buffer_.size();
  buffer_.resize(size + kReadBytes);
  ssize_t got = 0;
  do {
    got = ::read(STDIN_FILENO, buffer_.data() + size, kReadBytes);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    throw Error(fmt::format("standard input: found {}, expected a readable file of ratings", std::strerror(errno)),
                ErrorKind::system);
  }
  buffer_.resize(size + static_cast<std::size_t>(got));
  ended_ = got == 0;
  return !ended_;
}

void PairStream::read_rest() {
  while (read_more()) {
  }
}

// Recognises the format from as few lines as tell it, whatever else has come already, so that what is recognised does
// not depend on when lines come. False where all must be there for it.
bool PairStream::begin() {
  std::size_t end = 0;
  while (true) {
    const std::size_t newline = buffer_.find('\n', end);
    if (newline == std::string::npos) {
      if (!read_more()) return false;
      continue;
    }
    end = newline + 1;
    const std::string_view head(buffer_.data(), end);
    if (reading::compression_of(head) != reading::Compression::none ||
        reading::is_matrix_market(reading::without_byte_order_mark(head))) {
      return false;
    }
    try {
      format_ = reading::recognise(head, "standard input", settings_);
    } catch (const reading::EmptyError&) {
      continue;  // nothing but a header, or blank lines
    } catch (const Error&) {
      return false;
    }
    header_ = format_.names;
    format_.names = header_;
    buffer_.erase(0, format_.body);
    format_.body = 0;
    return true;
  }
}

std::optional<RatingList> PairStream::all() {
  read_rest();
  const reading::Source source(std::exchange(buffer_, {}), reading::StandardInput());
  const reading::Format format = reading::recognise(source.text(), source.name(), settings_);
  reading::Collector collector;
  source_ = reading::source_format("-", source.compression(), format);
  source_.ratings = collector.add(source, format);
  return std::move(collector.list());
}

std::optional<RatingList> PairStream::next() {
  if (!begun_) {
    begun_ = true;
    if (!begin()) return all();
    source_ = reading::source_format("-", "none", format_);
  }
  while (true) {
    std::size_t end = whole_lines(buffer_);
    if (end == 0 && !ended_) {
      read_more();
      continue;
    }
    if (end == 0) end = buffer_.size();
    if (end == 0) return std::nullopt;
    std::string block = buffer_.substr(0, end);
    buffer_.erase(0, end);
    if (reading::trim(block).empty()) {
      format_.body_line += static_cast<std::size_t>(std::ranges::count(block, '\n'));
      continue;
    }
    return take(std::move(block));
  }
}

RatingList PairStream::take(std::string block) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(block, '\n'));
  const reading::Source source(std::move(block), reading::StandardInput());
  reading::Collector collector;
  source_.ratings += collector.add(source, format_);
  format_.body_line += lines;
  return std::move(collector.list());
}

}  // namespace odot::cli
