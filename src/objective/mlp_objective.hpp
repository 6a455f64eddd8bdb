// The training error of a neural network, on all ratings or on one mini-batch after another.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/dense_layers.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/state.hpp"
#include "odot/model/mlp.hpp"
#include "odot/optim/objective.hpp"
#include "odot/ratings/rating_list.hpp"

namespace odot::inline ODOT_PRECISION {

/// f(θ) = Σ (network − rating / scale)² / n over the n ratings of the current mini-batch. Each call of value_gradient()
/// takes the next batch, so that minimize() with a rule that evaluates f once a step is stochastic gradient descent.
/// The batches of an epoch are all ratings in an order drawn from the seed and the epoch. With one batch, f is one
/// function.
///
/// A batch is cut into parts by its size alone, and the parts' sums are added in order: the same bits on any number of
/// threads.
class MlpObjective : public Objective {
 public:
  /// `batch_size` 0 means all ratings. `model` (its layers, features and scale; not its θ) and `ratings`, with indices
  /// of the model's users and items, must outlive this. There must be at least one rating.
  MlpObjective(const Mlp& model, const Triples& ratings, std::size_t batch_size, std::uint64_t seed);
  MlpObjective(const MlpObjective&) = delete;
  MlpObjective& operator=(const MlpObjective&) = delete;

  std::size_t size() const override { return layers_.size(); }
  double value_gradient(ConstSpan theta, Span gradient) override;

  /// Visits where in the sequence of batches this is. Throws Error for a place that there is not.
  void visit(StateVisitor& visitor);

  /// Batches an epoch.
  std::size_t batches() const { return (ratings_.size() + batch_size_ - 1) / batch_size_; }
  /// Ratings in the batch of the last value_gradient().
  std::size_t last_size() const { return last_size_; }
  /// Ratings read so far, over the number of ratings, rounded down.
  long passes() const { return static_cast<long>(ratings_read_ / ratings_.size()); }

 private:
  // What a part of a batch needs for itself.
  struct Part {
    explicit Part(const DenseLayers& layers) : tile(layers), gradient(layers.size()) {}
    DenseTile tile;
    Vector gradient;
    double squares = 0;
  };

  void shuffle();
  void run_part(Part& part, ConstSpan theta, std::size_t begin, std::size_t end);

  const Mlp& model_;
  const Triples& ratings_;
  DenseLayers layers_;
  std::size_t batch_size_;
  std::uint64_t seed_;
  std::uint64_t epoch_ = 0;         // of the next batch
  std::size_t next_ = 0;            // its first position in the order
  std::vector<std::size_t> order_;  // of the ratings in this epoch; empty with one batch
  std::vector<Part> parts_;
  std::size_t last_size_ = 0;
  std::uint64_t ratings_read_ = 0;
};

/// θ to start from: uniform in ±1/√inputs of each layer (as PyTorch initialises linear layers), drawn from the seed;
/// the last bias is `output`, about which all predictions begin.
Vector initial_parameters(const std::vector<std::size_t>& layers, double output, std::uint64_t seed);

}  // namespace odot::inline ODOT_PRECISION
