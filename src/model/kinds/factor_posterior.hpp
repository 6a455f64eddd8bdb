// What a factorisation knows beside its factors' values: files, units, and how far ratings are from predictions.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/model_reader.hpp"
#include "odot/model/model_writer.hpp"

namespace odot::inline ODOT_PRECISION {

/// Adds its tensors, and its entries in the metadata.
void add_posterior(const FactorPosterior& posterior, const FactorLayout& whole,
                   std::vector<safetensors::Output>& tensors);
void add_posterior(const FactorPosterior& posterior, safetensors::Metadata& metadata);

/// That of a file, if it has one. Throws Error.
std::optional<FactorPosterior> read_posterior(ModelReader& file, const FactorLayout& whole);

/// Throws the Error of models that know no deviations.
[[noreturn]] void refuse_deviations();

/// See Model::deviations(); the model has a posterior and no link.
void deviations(const Factorization& model, const Triples& pairs, std::span<double> out);

/// What absorb_pin(Factorization&) does to it.
void absorb_pin(const FactorLayout& whole, double pin, FactorPosterior& posterior);

}  // namespace odot::inline ODOT_PRECISION
