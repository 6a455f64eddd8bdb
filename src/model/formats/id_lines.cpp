// Ids as text, one a line.
#include "model/formats/id_lines.hpp"

#include <fmt/format.h>

#include "odot/core/error.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION {

void write_id_lines(const IdTable& ids, OutputFile& file) {
  for (Index row = 0; row < ids.size(); ++row) {
    const std::string_view id = ids[row];
    if (id.find_first_of("\r\n") != std::string_view::npos) {
      throw Error(fmt::format("the id {} has a line end in it, which a file with an id a line cannot hold",
                              reading::printable(id)));
    }
    file.write(id);
    file.write("\n");
  }
}

}  // namespace odot::inline ODOT_PRECISION
