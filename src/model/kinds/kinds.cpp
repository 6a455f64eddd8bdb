// The list of kinds.
#include "odot/model/kinds.hpp"

#include <fmt/format.h>

#include "model/kinds/factorization.hpp"
#include "model/kinds/mlp.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

std::vector<const ModelKind*>& all_kinds() {
  static std::vector<const ModelKind*> kinds{&factorization_kind(), &mlp_kind()};
  return kinds;
}

}  // namespace

std::span<const ModelKind* const> model_kinds() { return all_kinds(); }

const ModelKind* find_model_kind(std::string_view format) {
  for (const ModelKind* kind : all_kinds()) {
    if (kind->format == format) return kind;
  }
  return nullptr;
}

void register_model_kind(const ModelKind& kind) {
  if (const ModelKind* other = find_model_kind(kind.format)) {
    throw Error(fmt::format("the format {} of a {} is that of a {} already", kind.format, kind.word, other->word),
                ErrorKind::usage);
  }
  all_kinds().push_back(&kind);
}

}  // namespace odot::inline ODOT_PRECISION
