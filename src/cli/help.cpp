#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace odot::cli {
namespace {

constexpr std::size_t kWidth = 110;  // of a page, in characters
constexpr std::size_t kIndent = 2;   // of what goes on from the line before

// The number of characters of UTF-8 text.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The lines of a text none of which is wider than `limit`, unless a word is.
std::vector<std::string> wrap(const std::string& text, std::size_t limit) {
  std::vector<std::string> lines;
  std::istringstream paragraphs(text);
  for (std::string paragraph; std::getline(paragraphs, paragraph);) {
    // Blanks at the front, or between a name and its explanation, are kept.
    std::string line;
    bool started = false;
    for (std::size_t at = 0; at < paragraph.size();) {
      const std::size_t word = std::min(paragraph.find_first_not_of(' ', at), paragraph.size());
      const std::size_t end = std::min(paragraph.find(' ', word), paragraph.size());
      const std::string next = paragraph.substr(at, end - at);
      if (started && width(line) + width(next) > limit) {
        lines.push_back(line);
        line = std::string(kIndent, ' ') + paragraph.substr(word, end - word);
      } else {
        line += next;
      }
      started = true;
      at = end;
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

void HelpPage::option(const std::string& name, const std::string& placeholder, const std::string& help) {
  const std::size_t comma = name.find(',');
  std::string label = comma == std::string::npos ? "    " : fmt::format("-{}, ", name.substr(comma + 1));
  label += "--" + name.substr(0, comma);
  if (!placeholder.empty()) label += " " + placeholder;
  groups_.back().entries.push_back({label, help});
}

std::string HelpPage::text() const {
  std::size_t widest = 0;
  for (const Group& group : groups_) {
    for (const Entry& entry : group.entries) widest = std::max(widest, width(entry.label));
  }
  const std::size_t column = widest + 4;
  std::string out = fmt::format("Usage: {}\n\n{}\n", usage_, description_);
  for (const Group& group : groups_) {
    out += fmt::format("\n{}:\n", group.title);
    for (const Entry& entry : group.entries) {
      std::string label = "  " + entry.label;
      for (const std::string& line : wrap(entry.help, kWidth - column)) {
        out += fmt::format("{}{:{}}{}\n", label, "", column - width(label), line);
        label.clear();
      }
    }
  }
  return out;
}

}  // namespace odot::cli
