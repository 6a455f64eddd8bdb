// Ranked lists of items or users as text, CSV or lines of JSON.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "cli/options/options.hpp"
#include "cli/output/titles.hpp"
#include "odot/core/output_file.hpp"
#include "odot/model/recommend.hpp"

namespace odot::cli {

/// What lists are of.
struct RankedKind {
  const char* owner;         ///< whose they are: "user" or "item"
  const char* entry;         ///< what is in them: "item" or "user"
  const char* entry_column;  ///< of a CSV file
  const char* list_key;      ///< of a JSON object
};

inline constexpr RankedKind kItemsForUsers{"user", "item", "item", "items"};

/// Writes lists to a file, one after another.
class RankedOutput {
 public:
  /// Declares --format, --json for one of its words, and --output.
  static void declare(Options& options);
  /// Declares --format alone.
  static void declare_format(Options& options);

  /// `titles` are shown beside items. Throws UsageError for a format that there is not.
  RankedOutput(OutputFile& file, const RankedKind& kind, const Options& options);

  /// What comes before the lists; `owners` and `entries` are the ids that indices stand for. All must outlive this.
  void begin(const IdTable& owners, const IdTable& entries, const Titles& titles);
  void write(Index owner, std::span<const Scored> list);
  /// Hands the rest to the file.
  void end();

 private:
  enum class Format { text, csv, jsonl };

  void write_text(Index owner, std::span<const Scored> list);
  void write_csv(Index owner, std::span<const Scored> list);
  void write_json(Index owner, std::span<const Scored> list);
  bool titled(const char* what) const { return titles_->given() && std::string_view(what) == "item"; }

  OutputFile& file_;
  RankedKind kind_;
  Format format_;
  const IdTable* owners_ = nullptr;
  const IdTable* entries_ = nullptr;
  const Titles* titles_ = nullptr;
  std::string lines_;
};

/// Writes the recommendations for each of `users`, some of them at a time. Returns for how many there are fewer than
/// settings.top.
std::size_t write_recommendations(RankedOutput& output, const Factorization& model, std::span<const Index> users,
                                  const RecommendSettings& settings);

}  // namespace odot::cli
