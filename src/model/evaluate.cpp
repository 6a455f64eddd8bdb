// Predicting many ratings and measuring the error.
#include "odot/model/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kernels/chunk_plan.hpp"
#include "kernels/dense_layers.hpp"
#include "kernels/masked_prediction.hpp"
#include "model/mlp_rows.hpp"
#include "odot/core/error.hpp"
#include "odot/core/vector.hpp"

namespace odot {
namespace {

constexpr std::size_t kBlock = DenseTile::kMost;  // pairs predicted at a time

void check_index(Index index, Index count, const char* what) {
  if (index < count || index == kUnknown) return;
  throw Error(fmt::format("{} {} is out of range: the model has {} of them", what, index, count));
}

void check_pairs(const Triples& pairs, std::size_t begin, std::size_t end, Index users, Index items) {
  for (std::size_t k = begin; k < end; ++k) {
    check_index(pairs.user[k], users, "user index");
    check_index(pairs.item[k], items, "item index");
  }
}

// Predicts up to kBlock pairs at a time; every thread has its own.
class FactorPredictor {
 public:
  FactorPredictor(const FactorView& model, bool clip) : model_(model), clip_(clip) {}

  void operator()(const Triples& pairs, std::size_t begin, std::size_t end, double* out) {
    check_pairs(pairs, begin, end, model_.layout.users, model_.layout.items);
    for (std::size_t k = begin; k < end; ++k) {
      const double value = model_.predict(pairs.user[k], pairs.item[k]);
      *out++ = clip_ ? model_.clip(value) : value;
    }
  }

 private:
  const FactorView& model_;
  bool clip_;
};

class MlpPredictor {
 public:
  MlpPredictor(const Mlp& model, bool clip)
      : model_(model), clip_(clip), layers_(model.layers, model.output_relu), tile_(layers_) {}
  MlpPredictor(const MlpPredictor&) = delete;
  MlpPredictor& operator=(const MlpPredictor&) = delete;

  void operator()(const Triples& pairs, std::size_t begin, std::size_t end, double* out) {
    check_pairs(pairs, begin, end, model_.users.ids.size(), model_.items.ids.size());
    for (std::size_t k = begin; k < end; ++k) {
      write_inputs(model_.users, model_.items, pairs.user[k], pairs.item[k],
                   tile_.input() + (k - begin) * layers_.inputs(0));
    }
    tile_.forward(model_.theta.data(), end - begin);
    for (std::size_t k = 0; k < end - begin; ++k) {
      const double value = model_.scale * static_cast<double>(tile_.output()[k]);
      out[k] = clip_ ? model_.clip(value) : value;
    }
  }

 private:
  const Mlp& model_;
  bool clip_;
  DenseLayers layers_;
  DenseTile tile_;
};

struct Sums {
  double squares = 0;
  double absolutes = 0;
  std::size_t unknown_users = 0;
  std::size_t unknown_items = 0;

  void add(double error) {
    squares += error * error;
    absolutes += std::abs(error);
  }

  Sums& operator+=(const Sums& part) {
    squares += part.squares;
    absolutes += part.absolutes;
    unknown_users += part.unknown_users;
    unknown_items += part.unknown_items;
    return *this;
  }
};

Evaluation total(const std::vector<Sums>& parts, std::size_t ratings) {
  Evaluation result;
  result.ratings = ratings;
  const Sums sums = ordered_sum(parts);
  result.unknown_users = sums.unknown_users;
  result.unknown_items = sums.unknown_items;
  if (ratings > 0) {
    const auto count = static_cast<double>(ratings);
    result.rmse = std::sqrt(sums.squares / count);
    result.mae = sums.absolutes / count;
  }
  return result;
}

template <class Predictor, class Model>
Evaluation evaluate_by(const Model& model, const Triples& ratings, bool clip) {
  const VectorChunks chunks(ratings.size());
  std::vector<Sums> partial(chunks.count());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    Sums sums;
    Predictor predictor(model, clip);
    std::array<double, kBlock> predictions;
    for (std::size_t begin = chunks.begin(chunk); begin < chunks.end(chunk); begin += kBlock) {
      const std::size_t end = std::min(begin + kBlock, chunks.end(chunk));
      predictor(ratings, begin, end, predictions.data());
      for (std::size_t k = begin; k < end; ++k) {
        const double error = predictions[k - begin] - static_cast<double>(ratings.value[k]);
        sums.add(error);
        sums.unknown_users += ratings.user[k] == kUnknown;
        sums.unknown_items += ratings.item[k] == kUnknown;
      }
    }
    partial[chunk] = sums;
  });

  return total(partial, ratings.size());
}

template <class Predictor, class Model>
void predict_by(const Model& model, const Triples& pairs, bool clip, std::span<double> out) {
  const VectorChunks chunks(pairs.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    Predictor predictor(model, clip);
    for (std::size_t begin = chunks.begin(chunk); begin < chunks.end(chunk); begin += kBlock) {
      predictor(pairs, begin, std::min(begin + kBlock, chunks.end(chunk)), out.data() + begin);
    }
  });
}

}  // namespace

Evaluation evaluate(const FactorView& model, const Triples& ratings, bool clip) {
  return evaluate_by<FactorPredictor>(model, ratings, clip);
}

Evaluation evaluate(const FactorView& model, const Side& by_user, bool clip) {
  const ChunkPlan plan(by_user);
  const std::size_t stride = model.layout.stride();
  const Real* theta = model.theta.data();
  std::vector<Sums> parts(plan.chunks.size());
  parallel_for(parts.size(), [&](std::size_t number) {
    const Chunk& chunk = plan.chunks[number];
    Sums sums;
    std::array<Real, kBlock> products;
    by_user.read(chunk.begin, chunk.end, [&] {
      for (Index user = chunk.row_begin; user < chunk.row_end; ++user) {
        const Offset row_end = std::min(chunk.end, by_user.offsets[user + 1]);
        for (Offset begin = std::max(chunk.begin, by_user.offsets[user]); begin < row_end; begin += kBlock) {
          const Offset end = std::min<Offset>(row_end, begin + kBlock);
          predict_row(by_user, begin, end, stride, theta + model.layout.user_row(user),
                      theta + model.layout.item_row(0), products.data());
          for (Offset k = begin; k < end; ++k) {
            const double value = model.mean + static_cast<double>(products[k - begin]);
            sums.add((clip ? model.clip(value) : value) - static_cast<double>(by_user.values[k]));
          }
        }
      }
    });
    parts[number] = sums;
  });
  return total(parts, by_user.size());
}

Evaluation evaluate(const Mlp& model, const Triples& ratings, bool clip) {
  return evaluate_by<MlpPredictor>(model, ratings, clip);
}

void predict(const FactorView& model, const Triples& pairs, bool clip, std::span<double> out) {
  predict_by<FactorPredictor>(model, pairs, clip, out);
}

void predict(const Mlp& model, const Triples& pairs, bool clip, std::span<double> out) {
  predict_by<MlpPredictor>(model, pairs, clip, out);
}

}  // namespace odot
