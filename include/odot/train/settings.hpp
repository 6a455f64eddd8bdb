// What decides the result of training, for every method.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/optim/minimize.hpp"
#include "odot/optim/registry.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Smallest mini-batch. What the loop takes for divergence, a thousandfold error, is chance in a batch of few ratings.
inline constexpr std::size_t kSmallestBatch = 16;

/// A model to start from. The users and items that it knows, by their ids, begin with its factors and biases.
struct InitModel {
  Factorization model;
  std::string path{};      ///< for messages
  std::string checksum{};  ///< of its file, for the settings that a model records
};

/// Members that are not set are what the method has by default, as train_options() and methods() say, where ranges are
/// too; none depends on the scale of the ratings. A member that the method does not use must not be set.
struct TrainSettings {
  std::optional<std::string> method{};  ///< of methods(); by default the first, or where steps along lines are chosen
                                        ///< (an optimizer, a line search, their parameters) the one that takes them
  std::optional<int> rank{};            ///< factors of a user or item
  std::optional<Regularisation> regularisation{};  ///< by default Method::default_regularisation
  std::optional<double> unobserved_weight{};  ///< α₀ of α₀ Σ (prediction − t₀)² over all entries; by default none
  std::optional<double> unobserved_target{};  ///< t₀; by default 0
  std::optional<bool> center{};               ///< subtract the mean
  std::optional<bool> biases{};               ///< one for each user and item
  std::optional<bool> clip{};                 ///< predictions to the range of the training ratings
  std::optional<bool> unobserved{};  ///< report what is predicted for unobserved entries; does not change the result
  std::optional<std::uint64_t> seed{};
  std::optional<std::string> optimizer{};
  std::optional<std::string> line_search{};    ///< by default the optimizer's own
  ParameterValues parameters{};                ///< of the optimizer, of the line search, and Method::own options
  std::optional<int> iterations{};             ///< most iterations, sweeps or epochs
  std::optional<int> inner_iterations{};       ///< most iterations a row and sweep
  std::optional<Index> block_rows{};           ///< users between two blocks of items, k_U; by default in proportion to
                                               ///< block_cols, or without that an eighth of all
  std::optional<Index> block_cols{};           ///< items between two blocks of users, k_V; likewise
  std::optional<double> tolerance{};           ///< as StopSettings::tolerance
  std::optional<double> gradient_tolerance{};  ///< as StopSettings::gradient_tolerance
  std::optional<int> early_stop{};     ///< iterations without a lower held-out RMSE after which to stop; 0: never
  std::optional<double> time_limit{};  ///< seconds of training, observers and checkpoints; 0: none
  std::optional<std::vector<std::size_t>> layers{};  ///< sizes of a network's hidden layers; may be none
  std::optional<bool> output_relu{};                 ///< ReLU after a network's last layer too
  std::optional<std::size_t> batch_size{};           ///< ratings a mini-batch; 0: all of them
  std::optional<std::string> svdpp{};                ///< whose prior means depend on which partners a row has: "both",
                                                     ///< "users", "items", "none"
  std::optional<std::string> likelihood{};           ///< what ratings are, given factors: "normal", "ordinal"
  std::shared_ptr<const InitModel> init{};           ///< instead of a random start; of the same rank
};

/// Sets one by its name, from text: set(settings, "rank", "8"). Throws Error of the setting for a value that it cannot
/// have, and for a name that train_options() does not have.
void set(TrainSettings& settings, std::string_view name, std::string_view text);

/// Throws Error, before any work, when the settings contradict each other or cannot be used.
void check(const TrainSettings& settings);

/// The same settings with all members set that the method has a use for and a default of, the method's name among them.
TrainSettings in_effect(TrainSettings settings);

/// When a run with these settings, which are in effect, is to stop.
StopSettings stop_settings(const TrainSettings& settings);

/// Settings in words, by their names: a record, for people.
using SettingTexts = std::map<std::string, std::string>;

/// All that decides the result and does not depend on the ratings: λ only where it is chosen.
SettingTexts recorded_settings(const TrainSettings& settings);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
