// Predictions of factors, trained or in training, and their errors.
#include "odot/model/evaluate.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/chunk_plan.hpp"
#include "kernels/masked_prediction.hpp"
#include "odot/model/pair_loops.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Every thread has its own.
class FactorPredictor {
 public:
  FactorPredictor(const FactorView& model, bool clip) : model_(model), clip_(clip) {}

  void operator()(const Triples& pairs, std::size_t begin, std::size_t end, double* out) {
    check_pairs(pairs, begin, end, model_.layout.users, model_.layout.items);
    for (std::size_t k = begin; k < end; ++k) {
      const double value = model_.predict(pairs.user[k], pairs.item[k]);
      *out++ = clip_ ? model_.clipped(value) : value;
    }
  }

 private:
  const FactorView& model_;
  bool clip_;
};

}  // namespace

Evaluation evaluate(const FactorView& model, const Triples& ratings, bool clip) {
  return evaluate_pairs<FactorPredictor>(model, ratings, clip);
}

Evaluation evaluate(const FactorView& model, const RatingSide& by_user, bool clip) {
  const ChunkPlan plan(by_user);
  const std::size_t stride = model.layout.stride();
  const Real* theta = model.theta.data();
  std::vector<ErrorSums> parts(plan.chunks.size());
  parallel_for(parts.size(), [&](std::size_t number) {
    const Chunk& chunk = plan.chunks[number];
    ErrorSums sums;
    std::array<Real, kPairsAtOnce> products;
    by_user.read(chunk.begin, chunk.end, [&] {
      for (Index user = chunk.row_begin; user < chunk.row_end; ++user) {
        const Offset row_end = std::min(chunk.end, by_user.offsets[user + 1]);
        for (Offset begin = std::max(chunk.begin, by_user.offsets[user]); begin < row_end; begin += kPairsAtOnce) {
          const Offset end = std::min<Offset>(row_end, begin + kPairsAtOnce);
          predict_row(by_user, begin, end, stride, theta + model.layout.user_row(user),
                      theta + model.layout.item_row(0), products.data());
          for (Offset k = begin; k < end; ++k) {
            const double value = model.link ? model.predict(user, by_user.indices[k])
                                            : model.mean + static_cast<double>(products[k - begin]);
            sums.add((clip ? model.clipped(value) : value) - static_cast<double>(by_user.values[k]));
          }
        }
      }
    });
    parts[number] = sums;
  });
  return total(parts, by_user.size());
}

void predict(const FactorView& model, const Triples& pairs, bool clip, std::span<double> out) {
  predict_pairs<FactorPredictor>(model, pairs, clip, out);
}

}  // namespace odot::inline ODOT_PRECISION
