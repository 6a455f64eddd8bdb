// Going over rating files a second time, for the texts of their ratings.
#include "ratings/text/rating_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "odot/core/error.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/recognise.hpp"
#include "ratings/text/source.hpp"

namespace odot::inline ODOT_PRECISION::reading {

bool has_rating_texts(const std::vector<SourceFormat>& sources, std::size_t merged) {
  return merged == 0 && std::ranges::all_of(sources, [](const SourceFormat& source) {
           std::error_code ignored;
           return source.kind != "odr" && source.path != "-" && std::filesystem::is_regular_file(source.path, ignored);
         });
}

void for_each_rating_text(const std::vector<SourceFormat>& sources, std::span<const Real> values,
                          const ReadSettings& settings, const std::function<void(std::size_t, std::string_view)>& use) {
  std::size_t next = 0;
  std::vector<Field> fields;
  std::string storage;
  for (const SourceFormat& described : sources) {
    if (described.ratings == 0) continue;  // nothing to read in it
    const Source source(described.path);
    const Format format = recognise(source.text(), source.name(), settings);
    const std::size_t column = format.columns[2];
    const std::size_t end = next + described.ratings;
    std::string_view text = source.text().substr(format.body);
    while (!text.empty()) {
      // As lines are read the first time: marks of joined files, and line breaks inside quotes.
      text = without_byte_order_marks(text);
      const std::string_view line = take_record(text, format.separator, format.quoted());
      if (trim(line).empty()) continue;
      const bool cut = !split_line(line, format.separator, format.columns_read(), format.quoted(), fields);
      Real value = 0;
      const std::string_view rating = cut && column < fields.size() ? trim(content(fields[column], storage)) : "";
      if (next >= end || next >= values.size() || !parse_rating(rating, value) || value != values[next]) {
        throw Error(
            fmt::format("{}: found other ratings than before, expected a file that does not change while it is "
                        "read",
                        source.name()));
      }
      use(next++, rating);
    }
  }
}

}  // namespace odot::inline ODOT_PRECISION::reading
