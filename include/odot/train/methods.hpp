// The methods of training, a row each.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/train/options.hpp"
#include "odot/train/train.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Whether a method is given features of users and items.
enum class FeatureUse { none, may, must };

/// How a model is found from ratings.
struct Method {
  std::string name{};                  ///< of --method
  std::string help{};                  ///< a line
  std::string unit{};                  ///< of an iteration, in the plural: "iterations", "sweeps", "epochs"
  std::vector<std::string> options{};  ///< names of the shared train_options() that it uses, beside those that all
                                       ///< use; with "line-search" the parameters of optimizers and line searches too
  /// Defaults that are not those of train_options(). One of an option that is not among `options` is how things are
  /// with this method: no other value is accepted.
  TrainSettings defaults{};
  /// Options whose default depends on the ratings, and how, for the help: run() sets those that are not set.
  std::vector<std::pair<std::string, std::string>> decides{};
  std::vector<TrainOption> own{};          ///< options that only this method has
  std::vector<Word> solvers{};             ///< what --optimizer takes beside the optimizers of the registry
  bool takes_steps = false;                ///< the default where an optimizer or a line search is named
  FeatureUse features = FeatureUse::none;  ///< must: of users and items, may: of either
  bool needs_order = false;                ///< of the ratings, which a RatingMatrix does not keep
  bool resumes = false;                    ///< it saves its runs in checkpoints and goes on from them
  /// λ where none is chosen, for ratings of this standard deviation, which it is proportional to. Empty for methods
  /// without λ.
  std::function<Regularisation(int rank, double deviation)> default_regularisation{};
  std::string regularisation_note{};  ///< on how it depends on the rank, for the help
  /// Iterations, with settings in effect, that it takes until a model tells what it will be worth: searches give no
  /// fewer, and early stopping waits for them. Empty: none.
  std::function<int(const TrainSettings&)> warm_up{};
  /// Throws Error for settings, which are in effect, that this method cannot use.
  std::function<void(const TrainSettings&)> check{};
  /// What train() does, with settings that are checked and in effect.
  std::function<TrainResult(Dataset, const TrainSettings&, const TrainObserver&, const CheckpointSettings&)> run{};

  bool uses(std::string_view option) const;
  /// How the default of this option depends on the ratings; empty where it does not.
  std::string decided(std::string_view option) const;
  /// Whether the option may have this value: it is used, or that is how things are with this method.
  bool takes(const TrainOption& option, const OptionValue& value) const;
  /// Whether it runs optimizers and line searches of the registry.
  bool takes_optimizers() const;
};

/// All methods; the first is the default.
const std::deque<Method>& methods();

/// Throws Error that lists the known names, the nearest first, where the name is unknown.
const Method& find_method(std::string_view name);

/// Adds one to methods(), and its own options to train_options(). Not while others train.
void register_method(Method method);

/// The method that the settings name or, where they name none, mean: of those that take all that is set the one that
/// takes steps, where an optimizer or a line search is named, or the first. Where none takes all, likewise of all.
const Method& method_of(const TrainSettings& settings);

/// Throws Error of an option that was given and that the method has no use for: only those of `users` have.
[[noreturn]] void refuse_unused(const std::string& option, const Method& method,
                                const std::function<bool(const Method&)>& users);
/// The same, where Method::uses() says which have.
[[noreturn]] void refuse_unused(const std::string& option, const Method& method);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
