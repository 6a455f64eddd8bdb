// Saving what a computation needs to go on later, and putting it back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Is shown the parts of a state one after another, each under a name of its own. One visitor saves them, another
/// overwrites them with what was saved: an object lists its state once, in one function, for both.
class StateVisitor {
 public:
  virtual ~StateVisitor() = default;

  /// True when what is visited is overwritten; objects may then have to derive more from it.
  virtual bool restores() const = 0;

  void number(std::string_view name, double& value) { visit_number(scope_ + std::string(name), value); }

  /// A whole number or a bool.
  template <class Integer>
  void integer(std::string_view name, Integer& value) {
    static_assert(std::is_integral_v<Integer>);
    auto wide = static_cast<std::int64_t>(value);
    visit_integer(scope_ + std::string(name), wide, most<Integer>());
    value = static_cast<Integer>(wide);
  }

  /// Of as many elements as were saved.
  void array(std::string_view name, std::span<float> values) { visit_array(scope_ + std::string(name), values); }
  void array(std::string_view name, std::span<double> values) { visit_array(scope_ + std::string(name), values); }

  /// What `visit` visits gets "scope." before its names.
  template <class Visit>
  void in(std::string_view scope, Visit visit) {
    const std::size_t length = scope_.size();
    scope_.append(scope).append(".");
    visit();
    scope_.resize(length);
  }

 private:
  /// What is restored must not be above, so that counting goes on from it: half of what an Integer can hold.
  template <class Integer>
  static constexpr std::int64_t most() {
    if constexpr (std::is_same_v<Integer, bool>) return 1;
    constexpr auto kHalf = std::uintmax_t{std::numeric_limits<Integer>::max()} / 2;
    return static_cast<std::int64_t>(std::min<std::uintmax_t>(kHalf, std::numeric_limits<std::int64_t>::max() / 2));
  }

  virtual void visit_number(const std::string& name, double& value) = 0;
  virtual void visit_integer(const std::string& name, std::int64_t& value, std::int64_t most) = 0;
  virtual void visit_array(const std::string& name, std::span<float> values) = 0;
  virtual void visit_array(const std::string& name, std::span<double> values) = 0;

  std::string scope_;
};

using VisitState = std::function<void(StateVisitor&)>;

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
