// The row of factorisations among the kinds of models.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/kinds.hpp"

namespace odot::inline ODOT_PRECISION {

const ModelKind& factorization_kind();

}  // namespace odot::inline ODOT_PRECISION
