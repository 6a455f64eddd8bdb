// XXH3 checksums of data that come piece by piece.
#include "core/digest.hpp"

#ifndef __clang__  // false alarms in GCC 12's own AVX-512 header
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <new>

namespace odot::inline ODOT_PRECISION {

Digest::Digest() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  reset();
}

void Digest::reset() { XXH3_64bits_reset(static_cast<XXH3_state_t*>(state_.get())); }

void Digest::Free::operator()(void* state) const { XXH3_freeState(static_cast<XXH3_state_t*>(state)); }

void Digest::add(std::string_view bytes) {
  XXH3_64bits_update(static_cast<XXH3_state_t*>(state_.get()), bytes.data(), bytes.size());
}

std::uint64_t Digest::value() const { return XXH3_64bits_digest(static_cast<const XXH3_state_t*>(state_.get())); }

std::string Digest::text() const { return fmt::format("xxh3:{:016x}", value()); }

}  // namespace odot::inline ODOT_PRECISION
