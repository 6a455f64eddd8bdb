// Checkpoint files: what is in them, and that they are not taken for another run's.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/formats/safetensors.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/state.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/model/mlp.hpp"
#include "odot/train/checkpoint.hpp"
#include "odot/train/run_observer.hpp"

namespace odot::inline ODOT_PRECISION {

/// As that of ratings and ids, of a network; `train` and `valid` have indices of its users and items, whose inputs
/// count as data.
RunIdentity identify(const Mlp& model, const Triples& train, const Triples& valid, const SettingTexts& settings);

/// Adds what training was given of users' and items' features.
void identify_features(std::span<const Real> users, std::span<const Real> items, RunIdentity& identity);

/// Writes checkpoints when it is time to.
class CheckpointWriter {
 public:
  CheckpointWriter(CheckpointSettings settings, RunIdentity identity)
      : settings_(std::move(settings)), identity_(std::move(identity)) {}

  /// Whether one should be written after this iteration, which `ends` the run or not.
  bool due(int iteration, bool ends) const;

  /// Writes what `visit` visits. A failure is told to settings.warn.
  void save(const VisitState& visit);

 private:
  CheckpointSettings settings_;
  RunIdentity identity_;
  std::optional<Stopwatch> since_last_;  // nothing before the first
};

/// A checkpoint that is resumed from. Every function throws Error, which names the file, where it cannot be used.
class CheckpointReader : public StateVisitor {
 public:
  /// Reads and checks everything. Throws Error for a damaged file, one of another kind, and one of another run, naming
  /// what differs.
  CheckpointReader(const std::string& path, const RunIdentity& identity);

  bool restores() const override { return true; }

 private:
  void visit_number(const std::string& name, double& value) override;
  void visit_integer(const std::string& name, std::int64_t& value, std::int64_t most) override;
  void visit_array(const std::string& name, std::span<float> values) override;
  void visit_array(const std::string& name, std::span<double> values) override;

  const std::string& state(const std::string& name) const;
  template <class Number>
  void parse(const std::string& name, Number& value) const;
  template <class Element>
  void copy_tensor(const std::string& name, safetensors::Dtype dtype, std::span<Element> values) const;

  safetensors::Reader file_;
  std::map<std::string, safetensors::Input> tensors_;
};

}  // namespace odot::inline ODOT_PRECISION
