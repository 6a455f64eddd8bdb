// Ids of users and items that a user names, looked up in a model.
#pragma once

#include <string>
#include <vector>

#include "cli/output/titles.hpp"
#include "odot/ratings/id_table.hpp"

namespace odot::cli {

/// The indices of ids that options give, of which one may be a list with commas between; an id that has commas itself
/// is taken as it is. An item may be named by its title where there are `titles`. `what` is "user" or "item". Throws
/// Error that names some ids there are for one that is not known.
std::vector<Index> find_ids(const std::vector<std::string>& given, const IdTable& ids, const std::string& what,
                            const Titles& titles = {});

/// Reads a file of ids, one a line ("-" is standard input; gzip and zstd too), and looks them up; blank lines are
/// skipped, blanks and quotes around an id dropped. Ids that are not in the table are kUnknown where `may_be_unknown`,
/// else an Error that names file and line. Throws Error when there are none.
std::vector<Index> read_ids(const std::string& path, const IdTable& ids, const std::string& what, bool may_be_unknown);

/// Reads a file of ids, one a line, as they are. Throws Error where a line is empty.
std::vector<std::string> read_lines(const std::string& path);

}  // namespace odot::cli
