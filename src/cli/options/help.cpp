// What there is to say of a subcommand and its options, as text for --help.
#include "cli/options/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
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

// "-k, --rank R"
std::string label_of(const OptionHelp& option) {
  std::string label = option.letter ? fmt::format("-{}, ", option.letter) : "    ";
  label += fmt::format("--{}{}", option.toggle ? "[no-]" : "", option.name);
  if (option.has_value()) label += " " + option.placeholder;
  return label;
}

}  // namespace

bool are_paths(const std::string& arguments) {
  const std::string first = arguments.substr(0, arguments.find_first_of(" ."));
  const std::string_view paths[] = {"FILE", "FOLDER", "MODEL", "PAIRS", "PATH", "RATINGS"};
  return std::ranges::find(paths, first) != std::end(paths);
}

bool OptionHelp::is_path() const { return are_paths(placeholder); }

std::string OptionHelp::text() const {
  std::size_t widest = 0;
  for (const Word& word : words) widest = std::max(widest, word.name.size());
  std::string all = help;
  for (const Word& word : words) {
    if (!word.help.empty()) all += fmt::format("\n{:<{}}  {}", word.name, widest, word.help);
  }
  return all;
}

std::vector<std::string> OptionHelp::names() const {
  std::vector<std::string> all;
  for (const Word& word : words) all.push_back(word.name);
  return all;
}

std::string HelpPage::text() const {
  std::size_t widest = 0;
  for (const OptionGroup& group : groups) {
    for (const OptionHelp& option : group.options) widest = std::max(widest, width(label_of(option)));
  }
  const std::size_t column = widest + 4;
  std::string out = fmt::format("Usage: {}\n\n{}\n", usage, description);
  for (const OptionGroup& group : groups) {
    out += fmt::format("\n{}:\n", group.title);
    for (const OptionHelp& option : group.options) {
      std::string label = "  " + label_of(option);
      for (const std::string& line : wrap(option.text(), kWidth - column)) {
        out += fmt::format("{}{:{}}{}\n", label, "", column - width(label), line);
        label.clear();
      }
    }
  }
  return out;
}

Json HelpPage::json() const {
  const auto text_or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  Json page{{"usage", usage}, {"description", description}, {"arguments", text_or_null(arguments)}};
  page["argument_words"] = argument_words;
  page["groups"] = Json::array();
  for (const OptionGroup& group : groups) {
    Json options = Json::array();
    for (const OptionHelp& option : group.options) {
      Json words = Json::array();
      for (const Word& word : option.words) words.push_back({{"name", word.name}, {"help", text_or_null(word.help)}});
      options.push_back({{"name", option.name},
                         {"letter", option.letter ? Json(std::string(1, option.letter)) : Json(nullptr)},
                         {"placeholder", text_or_null(option.placeholder)},
                         {"help", option.help},
                         {"default", text_or_null(option.standard)},
                         {"words", std::move(words)},
                         {"toggle", option.toggle},
                         {"repeatable", option.repeatable}});
    }
    page["groups"].push_back({{"title", group.title}, {"options", std::move(options)}});
  }
  return page;
}

}  // namespace odot::cli
