// odot man: manual pages in roff, with the macros of man(7).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <iostream>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/options/options.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/spelling.hpp"
#include "odot/version.hpp"

namespace odot::cli {
namespace {

// The code point that begins at `at`, which is moved behind it. Our own texts are UTF-8.
unsigned take_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&] { return static_cast<unsigned>(static_cast<unsigned char>(text[at++])); };
  const unsigned first = byte();
  if (first < 0x80) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  unsigned code = first & (0x3Fu >> more);
  for (int k = 0; k < more && at < text.size(); ++k) code = code << 6 | (byte() & 0x3Fu);
  return code;
}

// Text as roff shows it: signs that mean something to it are spelled out, and so is what is not ASCII.
std::string escape(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const unsigned code = take_code_point(text, at);
    if (code == '\\') {
      out += "\\(rs";
    } else if (code == '-') {
      out += "\\-";
    } else if (code == '`') {
      out += "\\(ga";
    } else if (code == '\'') {
      out += "\\(aq";
    } else if (code == '^') {
      out += "\\(ha";
    } else if (code == '~') {
      out += "\\(ti";
    } else if (code < 0x80) {
      out += static_cast<char>(code);
    } else {
      out += fmt::format("\\[u{:04X}]", code);
    }
  }
  return out;
}

// What stands for a sign where a device has it not.
struct Substitute {
  unsigned code;
  const char* text;
};
constexpr Substitute kSubstitutes[]{
    {0x00B2, "^2"},     {0x03B1, "alpha"}, {0x03B2, "beta"}, {0x03B3, "gamma"}, {0x03B5, "epsilon"}, {0x03B8, "theta"},
    {0x03BB, "lambda"}, {0x2016, "||"},    {0x2026, "..."},  {0x2081, "1"},     {0x2082, "2"},       {0x2212, "-"},
    {0x2218, "o"},      {0x221A, "sqrt"},  {0x2248, "~"},    {0x2264, "<="},    {0x2265, ">="},      {0x00B7, "*"},
};

// A line of text, which must not look like a request.
std::string line(std::string_view text) { return (text.starts_with('.') ? "\\&" : "") + escape(text) + "\n"; }

std::string bold(std::string_view text) { return fmt::format("\\fB{}\\fR", escape(text)); }
std::string italic(std::string_view text) { return fmt::format("\\fI{}\\fR", escape(text)); }

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_word(char c) { return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

// A usage: what stands for something (RATINGS) in italics, what is typed (odot, --rank) in bold.
std::string synopsis(std::string_view usage) {
  std::string out;
  for (std::size_t at = 0; at < usage.size();) {
    std::size_t end = at;
    while (end < usage.size() && is_word(usage[end])) ++end;
    const std::string_view word = usage.substr(at, end - at);
    if (word.empty()) {
      out += escape(usage.substr(at, 1));
      ++end;
    } else if (std::ranges::all_of(word, is_upper)) {
      out += italic(word);
    } else if (word == "options" || word == "arguments") {
      out += italic(word);
    } else {
      out += bold(word);
    }
    at = end;
  }
  return out;
}

// "-k, --rank R"
std::string label(const OptionHelp& option) {
  std::string out = option.letter ? bold(fmt::format("-{}", option.letter)) + ", " : "";
  out += bold("--" + option.name);
  if (option.toggle) out += ", " + bold("--no-" + option.name);
  if (option.has_value()) out += " " + italic(option.placeholder);
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string one; std::getline(stream, one);) lines.push_back(one);
  return lines;
}

// "adam", "momentum, and …" of "adam      momentum, and …"; nothing in the first where the line is no such pair.
std::pair<std::string, std::string> word_and_meaning(const std::string& text) {
  const std::size_t end = text.find(' ');
  if (end == 0 || end == std::string::npos || text.compare(end, 2, "  ") != 0) return {"", text};
  return {text.substr(0, end), text.substr(text.find_first_not_of(' ', end))};
}

// The help of an option: each line on a line of its own, words with their meanings as a list.
std::string explanation(const std::string& help) {
  std::string out;
  bool in_list = false;
  for (const std::string& one : lines_of(help)) {
    const auto [word, meaning] = word_and_meaning(one);
    const bool entry = !word.empty();
    if (entry && !in_list) out += ".RS\n";
    if (!entry && in_list) out += ".RE\n.IP\n";
    if (!entry && !in_list && !out.empty()) out += ".br\n";
    if (entry) out += ".TP\n" + bold(word) + "\n";
    out += line(entry ? meaning : one);
    in_list = entry;
  }
  if (in_list) out += ".RE\n";
  return out;
}

// A paragraph; lines that begin with blanks, formulas and examples, stay as they are.
std::string description(const std::string& text) {
  std::string out;
  bool as_is = false;
  for (const std::string& one : lines_of(text)) {
    const bool indented = one.starts_with("  ");
    if (indented && !as_is) out += ".PP\n.RS\n.nf\n";
    if (!indented && as_is) out += ".fi\n.RE\n.PP\n";
    out += line(indented ? one.substr(2) : one);
    as_is = indented;
  }
  if (as_is) out += ".fi\n.RE\n";
  return out;
}

std::string page(const std::string& name, const std::string& body) {
  std::string upper = name;
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  std::string out = ".\\\" Made by `odot man`.\n";
  for (const auto& [code, text] : kSubstitutes) {
    const std::string sign = fmt::format("\\[u{:04X}]", code);
    if (body.find(sign) != std::string::npos) out += fmt::format(".if \\n(.g .fchar {} {}\n", sign, text);
  }
  return out +
         fmt::format(".TH {} 1 \"\" \"odot {}\" \"User Commands\"\n.nh\n.ad l\n{}", escape(upper), version(), body);
}

std::string name_section(const std::string& name, const std::string& summary) {
  return fmt::format(".SH NAME\n{} \\- {}\n", escape(name), escape(summary));
}

std::string exit_status() {
  std::string out = ".SH EXIT STATUS\n";
  constexpr std::array<std::pair<ExitCode, const char*>, 4> kMeanings{
      {{kDone, "done"},
       {kBadData, "bad data, or numerical failure"},
       {kWrongUsage, "wrong usage: nothing was read or written"},
       {kInterrupted, "interrupted, by Ctrl-C or SIGTERM"}}};
  for (const auto& [code, meaning] : kMeanings) {
    out += fmt::format(".TP\n.B {}\n{}", static_cast<int>(code), line(meaning));
  }
  return out;
}

std::string reference(std::string_view command) { return bold(fmt::format("odot-{}", command)) + "(1)"; }

std::string command_page(const Command& command) {
  const std::string name = fmt::format("odot-{}", command.name);
  const Options options = command.declare();
  const HelpPage& help = options.help();
  std::string out = name_section(name, command.summary);
  out += ".SH SYNOPSIS\n" + synopsis(help.usage) + "\n";
  out += ".SH DESCRIPTION\n" + description(help.description);
  out += ".SH OPTIONS\n";
  for (const OptionGroup& group : help.groups) {
    out += fmt::format(".SS {}\n", escape(group.title));
    for (const OptionHelp& option : group.options) out += ".TP\n" + label(option) + "\n" + explanation(option.text());
  }
  out += exit_status();
  return page(name, out + ".SH SEE ALSO\n" + bold("odot") + "(1)\n");
}

std::string overview_page() {
  std::string out = name_section("odot", "low-rank factorisation of sparse rating matrices");
  out += ".SH SYNOPSIS\n" + synopsis("odot COMMAND [arguments]") + "\n.br\n" +
         synopsis("odot COMMAND --help [--json]") + "\n.br\n" + synopsis("odot --version") + "\n";
  out += ".SH COMMANDS\n";
  for (const Command& command : commands()) {
    out += ".TP\n" + reference(command.name) + "\n" + line(command.summary);
  }
  out += ".SH EXAMPLES\n.nf\nodot train ratings.csv \\-\\-holdout 0.1 \\-o model.safetensors\n";
  out += "odot recommend model.safetensors \\-\\-user 42 \\-\\-exclude ratings.csv\n.fi\n";
  return page("odot", out + exit_status());
}

void write_pages(const std::string& folder) {
  std::deque<OutputFile> files;
  std::vector<OutputFile*> all;
  const auto write = [&](const std::string& name, const std::string& page) {
    all.push_back(&files.emplace_back(fmt::format("{}/{}.1", folder, name)));
    files.back().write(page);
  };
  write("odot", overview_page());
  for (const Command& command : commands()) write(fmt::format("odot-{}", command.name), command_page(command));
  OutputFile::commit_together(all);
}

}  // namespace

Options declare_man() {
  std::vector<std::string> names;
  for (const Command& command : commands()) names.emplace_back(command.name);
  Options options("odot man [COMMAND] [options]",
                  "Prints the manual page of COMMAND, or of odot, for man: odot man train | man -l -");
  options.arguments("COMMAND", 0, 1, names);
  options.group("Output");
  options.value("all", "FOLDER", "write the pages of all commands into this folder instead");
  options.common_group();
  return options;
}

int run_man(const Arguments& arguments) {
  Options options = declare_man();
  if (!options.parse(arguments)) return kDone;
  if (options.given("all")) {
    if (!options.arguments().empty()) throw UsageError("--all and a COMMAND cannot both be given");
    write_pages(options.text("all"));
  } else if (options.arguments().empty()) {
    std::cout << overview_page();
  } else {
    std::cout << command_page(find_command(options.arguments()[0]));
  }
  return kDone;
}

}  // namespace odot::cli
