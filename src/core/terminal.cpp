// Escaping what a terminal would obey.
#include "core/terminal.hpp"

#include <fmt/format.h>
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

}  // namespace odot::inline ODOT_PRECISION
