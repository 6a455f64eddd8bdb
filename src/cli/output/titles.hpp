// What items are called.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options/options.hpp"
#include "odot/ratings/id_table.hpp"

namespace odot::cli {

/// The text itself where it is UTF-8, else what its bytes are in ISO-8859-1.
std::string to_utf8(std::string_view text);

/// Titles of the items of a model.
class Titles {
 public:
  /// Declares --items, or what else `file` calls it, and --titles.
  static void declare(Options& options, const std::string& file = "items");

  /// Without any.
  Titles() = default;

  /// Reads the file that the option `file` names, where it is given, and says how many titles it has unless --quiet.
  /// Throws Error, or UsageError where the options make no sense.
  Titles(const Options& options, const IdTable& items, const std::string& file = "items");

  /// Whether there is a file of titles.
  bool given() const { return given_; }
  /// The item of that title, in whatever case its ASCII letters are; nothing where there is none, or no title at all.
  /// Throws Error that names the ids where there are several.
  std::optional<Index> find(const std::string& title, const IdTable& items) const;
  /// Empty where there is none.
  std::string_view operator[](Index item) const {
    return given_ ? std::string_view(titles_[item]) : std::string_view();
  }

 private:
  bool given_ = false;
  std::vector<std::string> titles_;
};

}  // namespace odot::cli
