// Writing rating files that read_ratings() reads back as they were.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/rating_list.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Appends `id` to `line`, in quotes where it would not be read back as one field otherwise. Throws Error
/// where `id` is empty or has a line end or another control character than a tab, which no rating file can hold.
void append_field(std::string& line, std::string_view id, std::string_view separator);

/// Appends the shortest decimal form that reads back as `value`.
void append_number(std::string& line, Real value);

/// Writes lines "user<separator>item<separator>rating", those of `positions` in their order. Throws Error.
void write_ratings(OutputFile& file, const RatingList& list, std::span<const std::size_t> positions,
                   std::string_view separator);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
