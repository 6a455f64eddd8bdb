// The options of training, a row each: the single source for setting by name, checks, records, help, completion, config
// files and searches.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/settings/option.hpp"
#include "odot/train/settings.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// A title that options stand under in the help.
inline constexpr const char* kOptimisationGroup = "Optimisation";

/// An option and what it sets: a member of TrainSettings, or one of TrainSettings::parameters. Those of kind input set
/// nothing.
struct TrainOption : Option {
  std::function<std::optional<OptionValue>(const TrainSettings&)> get{};  ///< nothing where it is not set
  std::function<void(TrainSettings&, const OptionValue&)> set{};
};

/// The row of a member.
template <class Member>
TrainOption member(Option option, std::optional<Member> TrainSettings::*place) {
  constexpr bool kInteger = std::is_integral_v<Member> && !std::is_same_v<Member, bool>;
  using Value = std::conditional_t<kInteger, std::int64_t, Member>;
  return {std::move(option),
          [place](const TrainSettings& settings) -> std::optional<OptionValue> {
            if (!(settings.*place)) return std::nullopt;
            return static_cast<Value>(*(settings.*place));
          },
          [place](TrainSettings& settings, const OptionValue& value) {
            settings.*place = static_cast<Member>(std::get<Value>(value));
          }};
}

/// The row of a number, a whole number or a toggle in TrainSettings::parameters.
TrainOption parameter(Option option);

/// All of them, in the order of the help: those of every method, the parameters of optimizers and line searches, and
/// the options that methods have for themselves.
const std::deque<TrainOption>& train_options();

/// Adds the options that a method has for itself; register_method() calls it. Throws Error where one is there already.
void add_train_options(const std::vector<TrainOption>& options);

/// The option of that name, or nullptr.
const TrainOption* find_train_option(std::string_view name);

/// "default 100; METHOD: 50, OTHER: 500": what the option is where it is not given; empty where there is nothing to
/// say.
std::string default_text(const TrainOption& option);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
