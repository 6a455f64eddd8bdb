// What a factorisation with a link predicts, and the link in its file.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/model_reader.hpp"
#include "odot/model/model_writer.hpp"

namespace odot::inline ODOT_PRECISION {

/// Its tensors: readers that know no links refuse them, instead of taking latent numbers for ratings.
void add_link(const OrdinalLink& link, std::vector<safetensors::Output>& tensors);

/// That of a file, if it has one. Throws Error.
std::optional<OrdinalLink> read_link(ModelReader& file);

/// See Model::probabilities(); the model has a link.
void probabilities(const Factorization& model, const Triples& pairs, std::span<double> out);

/// See Model::deviations(); the model has a link.
void link_deviations(const Factorization& model, const Triples& pairs, std::span<double> out);

}  // namespace odot::inline ODOT_PRECISION
