// Ranked lists of items or users as text, CSV or lines of JSON.
#include "cli/output/ranked_output.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output/figure.hpp"
#include "cli/output/texts.hpp"
#include "odot/ratings/write.hpp"

namespace odot::cli {
namespace {

constexpr std::size_t kBuffer = 1 << 16;
constexpr std::size_t kEntriesAtOnce = std::size_t{1} << 22;
constexpr std::size_t kUsersAtOnce = std::size_t{1} << 16;

// As RFC 4180 has it.
void append_quoted(std::string& line, std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) {
    line += text;
    return;
  }
  line += '"';
  for (char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

}  // namespace

void RankedOutput::declare(Options& options) {
  declare_format(options);
  options.flag("json", "the same as --format jsonl");
  options.value("output,o", "FILE", "write here (default -, standard output)");
}

void RankedOutput::declare_format(Options& options) {
  options.value("format", "WHICH",
                "text, csv (a header line, then a line for each entry) or jsonl (a JSON object a line for each list; "
                "default text)",
                {"text", "csv", "jsonl"});
}

RankedOutput::RankedOutput(OutputFile& file, const RankedKind& kind, const Options& options)
    : file_(file), kind_(kind) {
  const bool json = options.flag_given("json");
  const std::string format = options.choice("format", json ? "jsonl" : "text");
  if (json && format != "jsonl") {
    throw UsageError(fmt::format("--json and --format {} contradict each other: give one of them", format));
  }
  format_ = format == "text" ? Format::text : format == "csv" ? Format::csv : Format::jsonl;
}

void RankedOutput::begin(const IdTable& owners, const IdTable& entries, const Titles& titles) {
  owners_ = &owners;
  entries_ = &entries;
  titles_ = &titles;
  if (format_ != Format::csv) return;
  lines_ += fmt::format("{},rank,{},score{}\n", kind_.owner, kind_.entry_column, titled(kind_.entry) ? ",title" : "");
}

void RankedOutput::write(Index owner, std::span<const Scored> list) {
  if (format_ == Format::text) write_text(owner, list);
  if (format_ == Format::csv) write_csv(owner, list);
  if (format_ == Format::jsonl) write_json(owner, list);
  if (lines_.size() < kBuffer) return;
  file_.write(lines_);
  lines_.clear();
}

void RankedOutput::end() {
  file_.write(lines_);
  lines_.clear();
}

void RankedOutput::write_text(Index owner, std::span<const Scored> list) {
  lines_ += fmt::format("{} {}", kind_.owner, (*owners_)[owner]);
  if (titled(kind_.owner) && !(*titles_)[owner].empty()) lines_ += fmt::format("  {}", (*titles_)[owner]);
  lines_ += list.empty() ? ": nothing\n" : "\n";
  std::size_t widest = 0;
  for (const Scored& one : list) widest = std::max(widest, (*entries_)[one.index].size());
  const std::size_t places = std::max<std::size_t>(3, std::to_string(list.size()).size());
  for (std::size_t k = 0; k < list.size(); ++k) {
    const std::string_view id = (*entries_)[list[k].index];
    lines_ += fmt::format("{:>{}}  {}{:{}}  {:>7}", k + 1, places, id, "", widest - id.size(), figure(list[k].score));
    if (titled(kind_.entry) && !(*titles_)[list[k].index].empty())
      lines_ += fmt::format("  {}", (*titles_)[list[k].index]);
    lines_ += '\n';
  }
}

void RankedOutput::write_csv(Index owner, std::span<const Scored> list) {
  for (std::size_t k = 0; k < list.size(); ++k) {
    append_field(lines_, (*owners_)[owner], ",");
    lines_ += fmt::format(",{},", k + 1);
    append_field(lines_, (*entries_)[list[k].index], ",");
    lines_ += ',';
    append_number(lines_, static_cast<Real>(list[k].score));
    if (titled(kind_.entry)) {
      lines_ += ',';
      append_quoted(lines_, (*titles_)[list[k].index]);
    }
    lines_ += '\n';
  }
}

void RankedOutput::write_json(Index owner, std::span<const Scored> list) {
  Json object{{kind_.owner, to_utf8((*owners_)[owner])}};
  if (titled(kind_.owner)) object["title"] = (*titles_)[owner];
  Json& entries = object[kind_.list_key] = Json::array();
  for (const Scored& one : list) {
    Json& entry = entries.emplace_back(Json{{kind_.entry, to_utf8((*entries_)[one.index])}, {"score", one.score}});
    if (titled(kind_.entry)) entry["title"] = (*titles_)[one.index];
  }
  lines_ += json_text(object);
  lines_ += '\n';
}

std::size_t write_recommendations(RankedOutput& output, const Factorization& model, std::span<const Index> users,
                                  const RecommendSettings& settings) {
  const std::size_t longest = std::clamp<std::size_t>(settings.top, 1, std::max<Index>(model.items.size(), 1));
  const std::size_t at_once = std::clamp<std::size_t>(kEntriesAtOnce / longest, 1, kUsersAtOnce);
  std::size_t shorter = 0;
  for (std::size_t begin = 0; begin < users.size(); begin += at_once) {
    const auto some = users.subspan(begin, std::min(at_once, users.size() - begin));
    const TopLists lists = recommend(model, some, settings);
    for (std::size_t k = 0; k < some.size(); ++k) {
      output.write(some[k], lists[k]);
      shorter += lists[k].size() < settings.top;
    }
  }
  return shorter;
}

}  // namespace odot::cli
