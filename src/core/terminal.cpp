// Escaping what a terminal would obey.
#include "core/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/locale/utf.hpp>

namespace odot::inline ODOT_PRECISION {

std::string escaped(std::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  std::string out;
  out.reserve(text.size());
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* next = at;
    const auto point = Utf8::decode(next, end);
    const bool whole = point != boost::locale::utf::illegal && point != boost::locale::utf::incomplete;
    const bool harmless = point == '\t' || point == '\n' || (point >= 0x20 && (point < 0x7f || point >= 0xa0));
    if (whole && harmless) {
      out.append(at, next);
      at = next;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(*at++)));
    }
  }
  return out;
}

bool write_escaped(std::string_view text, std::FILE* stream) {
  if (::isatty(::fileno(stream)) == 0) return std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  const std::string shown = escaped(text);
  return std::fwrite(shown.data(), 1, shown.size(), stream) == shown.size();
}

std::size_t terminal_columns(std::FILE* stream) {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  return ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && count-- == 0) return text.substr(0, at);
  }
  return text;
}

}  // namespace odot::inline ODOT_PRECISION
