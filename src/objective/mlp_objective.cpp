// The training error of a neural network: batches are cut into parts that are computed in parallel.
#include "objective/mlp_objective.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "model/kinds/mlp.hpp"
#include "odot/core/error.hpp"
#include "odot/core/random.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kMostParts = 64;                  // of a batch; each has a gradient of its own
constexpr std::uint64_t kStartStream = 0x6d6c702073;    // "mlp s": apart from every other use of the seed
constexpr std::uint64_t kOrderStream = 0x6d6c70206f00;  // "mlp o", and room for a number

// Parts are whole tiles, as many as keep the number of parts within its limit.
std::size_t part_size(std::size_t batch) {
  const std::size_t tiles = (batch + DenseTile::kMost - 1) / DenseTile::kMost;
  return (tiles + kMostParts - 1) / kMostParts * DenseTile::kMost;
}

std::size_t part_count(std::size_t batch) { return (batch + part_size(batch) - 1) / part_size(batch); }

}  // namespace

MlpObjective::MlpObjective(const Mlp& model, const Triples& ratings, std::size_t batch_size, std::uint64_t seed)
    : model_(model),
      ratings_(ratings),
      layers_(model.layers, model.output_relu),
      batch_size_(batch_size == 0 ? ratings.size() : std::min(batch_size, ratings.size())),
      seed_(seed) {
  if (batch_size_ < ratings.size()) order_.resize(ratings.size());
  const std::size_t count = part_count(batch_size_);
  parts_.reserve(count);
  for (std::size_t part = 0; part < count; ++part) parts_.emplace_back(layers_);
}

double MlpObjective::value_gradient(ConstSpan theta, Span gradient) {
  if (next_ == 0 && !order_.empty()) shuffle();
  const std::size_t begin = next_;
  last_size_ = std::min(batch_size_, ratings_.size() - begin);
  const std::size_t length = part_size(last_size_);
  const std::size_t count = part_count(last_size_);
  parallel_for(count, [&](std::size_t part) {
    const std::size_t first = begin + part * length;
    run_part(parts_[part], theta, first, std::min(first + length, begin + last_size_));
  });

  const auto parts = std::span(parts_).first(count);
  const double factor = 2 / static_cast<double>(last_size_);
  for_each_element(gradient.size(), [&](std::size_t i) {
    const double sum = ordered_sum(parts, [&](const Part& part) { return static_cast<double>(part.gradient[i]); });
    gradient[i] = static_cast<Real>(factor * sum);
  });
  const double squares = ordered_sum(parts, &Part::squares);
  ratings_read_ += last_size_;
  next_ = begin + last_size_;
  if (next_ == ratings_.size()) {
    next_ = 0;
    ++epoch_;
  }
  return squares / static_cast<double>(last_size_);
}

void MlpObjective::visit(StateVisitor& visitor) {
  visitor.integer("epoch", epoch_);
  visitor.integer("next", next_);
  visitor.integer("last_size", last_size_);
  visitor.integer("ratings_read", ratings_read_);
  if (next_ >= ratings_.size() || last_size_ > batch_size_) throw Error("the next mini-batch lies beyond the ratings");
  // The order of an epoch is drawn when the epoch begins.
  if (visitor.restores() && next_ > 0 && !order_.empty()) shuffle();
}

// Fisher and Yates: position k gets any of the ratings 0 … k.
void MlpObjective::shuffle() {
  const RandomStream random(seed_, kOrderStream + epoch_);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  for (std::size_t k = order_.size(); k-- > 1;) {
    const auto any = static_cast<std::size_t>(static_cast<unsigned __int128>(random.bits(k)) * (k + 1) >> 64);
    std::swap(order_[k], order_[any]);
  }
}

void MlpObjective::run_part(Part& part, ConstSpan theta, std::size_t begin, std::size_t end) {
  const std::size_t width = layers_.inputs(0);
  const double to_unit = 1 / model_.scale;
  DenseTile& tile = part.tile;
  std::fill(part.gradient.begin(), part.gradient.end(), Real{0});
  part.squares = 0;
  for (; begin < end; begin += DenseTile::kMost) {
    const std::size_t rows = std::min(DenseTile::kMost, end - begin);
    const auto rating = [&](std::size_t row) { return order_.empty() ? begin + row : order_[begin + row]; };
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t k = rating(row);
      write_inputs(model_, ratings_.user[k], ratings_.item[k], tile.input() + row * width);
    }
    tile.forward(theta.data(), rows);
    for (std::size_t row = 0; row < rows; ++row) {
      const double error =
          static_cast<double>(tile.output()[row]) - static_cast<double>(ratings_.value[rating(row)]) * to_unit;
      part.squares += error * error;
      tile.output_gradient()[row] = static_cast<Real>(error);
    }
    tile.backward(theta.data(), rows, part.gradient.data());
  }
}

Vector initial_parameters(const std::vector<std::size_t>& sizes, double output, std::uint64_t seed) {
  const DenseLayers layers(sizes, false);
  const RandomStream random(seed, kStartStream);
  Vector theta(layers.size());
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    const double bound = 1 / std::sqrt(static_cast<double>(layers.inputs(layer)));
    const std::size_t end = layers.biases(layer) + layers.outputs(layer);
    for (std::size_t k = layers.weights(layer); k < end; ++k) {
      theta[k] = static_cast<Real>(bound * (2 * random.uniform(k) - 1));
    }
  }
  theta.back() = static_cast<Real>(output);
  return theta;
}

}  // namespace odot::inline ODOT_PRECISION
