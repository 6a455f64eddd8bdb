// Features of users or items: reading them from files, and encoding them as inputs of a network.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/ratings/id_table.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// How a column of a feature file becomes inputs of a network.
struct FeatureColumn {
  std::string name = {};     ///< in the header; empty where there was none
  std::size_t position = 0;  ///< in the line, from 0
  bool categorical = false;  ///< else numeric
  double lowest = 0;         ///< of a numeric column: becomes 0
  double highest = 0;        ///< of a numeric column: becomes 1; equal to `lowest`, the input is always 0
  std::vector<std::string> categories = {};  ///< sorted; an input for each, 1 where the line has it and 0 where not
  bool single = false;  ///< of two categories each line has exactly one: one input, 1 for the second of them

  std::size_t inputs() const { return categorical && !single ? categories.size() : 1; }

  bool operator==(const FeatureColumn&) const = default;
};

/// How lines of a feature file become rows of inputs.
struct FeatureEncoding {
  std::string id_name;                 ///< of the id's column in the header; empty where there was none
  std::size_t id_position = 0;         ///< of the id's column, from 0
  std::vector<FeatureColumn> columns;  ///< those that are used, in the order of their inputs; the id may be one of them

  std::size_t inputs() const;

  bool operator==(const FeatureEncoding&) const = default;
};

/// The encoding as JSON text, and back; texts of any bytes survive. from_json throws Error when `json` is not what
/// to_json writes.
std::string to_json(const FeatureEncoding& encoding);
FeatureEncoding feature_encoding_from_json(const std::string& json);

/// The inputs of some users or items.
struct FeatureTable {
  std::string path;  ///< of the file, for messages
  IdTable ids;       ///< in the order of the lines
  FeatureEncoding encoding;
  std::vector<Real> inputs;             ///< ids.size() rows of encoding.inputs()
  std::vector<std::string> notes = {};  ///< a sentence for each column: what it was taken for
};

/// Most different words in a text column that is taken for one of categories.
inline constexpr std::size_t kMostCategories = 64;

/// Reads a file of features: a line for each id, gzip, zstd, separators, quotes and a header line as in rating files.
///
/// Without a `specification`, the first column holds the ids. A column of finite numbers, be it that of the ids, is
/// numeric and scaled from its lowest and highest value to [0, 1]. A column of texts is categorical where its values,
/// each a word or several with '|' between (but one where '|' separates columns), have at most kMostCategories
/// different words; an empty value has none of them. Other columns are ignored.
///
/// A specification names the columns to use, all others being ignored: "gender:categorical,age:numeric", by their names
/// in the header or by numbers from 1. "NAME:id" says where the ids are (else column 1), "NAME:ignore" is allowed.
///
/// Throws Error "FILE:LINE: found …, expected …".
FeatureTable read_features(const std::string& path, const std::string& specification = "");

/// Throws Error when a specification can fit no file.
void check_feature_specification(const std::string& specification);

/// Reads a file with the columns of a known encoding, found by their names or, where there is no header, by their
/// places. Throws Error for a category that the encoding does not know, naming those that it knows.
FeatureTable read_features(const std::string& path, const FeatureEncoding& encoding);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
