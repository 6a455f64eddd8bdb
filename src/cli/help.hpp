// The help page of a subcommand.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace odot::cli {

/// Usage, a description, and groups of options whose help stands in one column and is wrapped.
class HelpPage {
 public:
  HelpPage(std::string usage, std::string description)
      : usage_(std::move(usage)), description_(std::move(description)) {}

  void group(const std::string& title) { groups_.push_back({title, {}}); }
  /// `name` is "rank,k" for --rank and -k; `placeholder` is empty for an option without a value. Each line of `help` is
  /// wrapped for itself.
  void option(const std::string& name, const std::string& placeholder, const std::string& help);

  std::string text() const;

 private:
  struct Entry {
    std::string label;
    std::string help;
  };
  struct Group {
    std::string title;
    std::vector<Entry> entries;
  };

  std::string usage_;
  std::string description_;
  std::vector<Group> groups_;
};

}  // namespace odot::cli
