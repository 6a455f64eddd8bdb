// The progress of a search on standard error.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "odot/search/search.hpp"

namespace odot::cli {

/// The best so far: on a terminal a table that is written over, elsewhere a line for each training.
class TuneTable {
 public:
  TuneTable(bool quiet, const std::string& metric);

  /// To be called after every result: of all `results` the last one is new; `words` says what options a point is.
  void show(const std::vector<SearchResult>& results, const std::function<std::string(const Point&)>& words);

 private:
  bool quiet_;
  bool terminal_;
  std::string name_;  // of the metric
  std::size_t lines_ = 0;
  std::vector<std::size_t> best_;  // the numbers of the best results, the best first
};

}  // namespace odot::cli
