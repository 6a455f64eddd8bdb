// The row of factorisations among the kinds of models.
#pragma once

#include "odot/model/factorization.hpp"
#include "odot/model/kinds.hpp"

namespace odot {

const ModelKind& factorization_kind();

}  // namespace odot
