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

/// Adds its tensors, and its entry in the metadata.
void add_posterior(const FactorPosterior& posterior, const FactorLayout& layout,
                   std::vector<safetensors::Output>& tensors);
void add_posterior(const FactorPosterior& posterior, safetensors::Metadata& metadata);

/// That of a file, if it has one. Throws Error.
std::optional<FactorPosterior> read_posterior(ModelReader& file, const FactorLayout& layout);

/// Throws the Error of models that know no deviations.
[[noreturn]] void refuse_deviations();

/// The variances of what rows give, from what is not known of them.
class LatentVariances {
 public:
  /// Of rows without a posterior everything is known. The model must stay as it is.
  explicit LatentVariances(const FactorView& model);

  /// About FactorView::latent(), with indices as there; added to `noise`.
  double operator()(Index user, Index item, double noise = 0) const;

  /// The same of a known user and a known item, for which nothing need be prepared.
  static double of_known(const FactorView& model, Index user, Index item);

 private:
  struct UnknownRow {
    Vector mean;
    Vector variances;
  };

  FactorView model_;
  UnknownRow unknown_user_;
  UnknownRow unknown_item_;
};

/// See Model::deviations(); the model has a posterior and no link.
void deviations(const Factorization& model, const Triples& pairs, std::span<double> out);

/// What absorb_pin(Factorization&) does to it.
void absorb_pin(const FactorLayout& layout, double pin, FactorPosterior& posterior);

}  // namespace odot::inline ODOT_PRECISION
