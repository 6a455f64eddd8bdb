// Training by whichever method is named.
#include "odot/train/train.hpp"

#include <utility>

#include "odot/train/methods.hpp"

namespace odot::inline ODOT_PRECISION {

TrainResult train(Dataset data, const TrainSettings& settings, const TrainObserver& observer,
                  const CheckpointSettings& checkpoints) {
  check(settings);
  check(checkpoints, settings);
  return method_of(settings).run(std::move(data), in_effect(settings), observer, checkpoints);
}

}  // namespace odot::inline ODOT_PRECISION
