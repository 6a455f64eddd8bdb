// Ids as text, one a line.
#pragma once

#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/id_table.hpp"

namespace odot::inline ODOT_PRECISION {

/// Writes the ids in order. Throws Error where one has a line end in it.
void write_id_lines(const IdTable& ids, OutputFile& file);

}  // namespace odot::inline ODOT_PRECISION
