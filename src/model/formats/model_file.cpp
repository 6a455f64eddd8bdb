// Model files of all kinds.
#include "odot/model/model_file.hpp"

#include <fmt/format.h>

#include <utility>

#include "model/formats/safetensors.hpp"
#include "odot/model/kinds.hpp"
#include "odot/model/model_reader.hpp"
#include "odot/model/model_writer.hpp"

namespace odot::inline ODOT_PRECISION {

void save_model(const Model& model, OutputFile& file) {
  const ModelParts parts = model.kind().parts(model);
  safetensors::write(file, parts.tensors, parts.metadata);
}

void save_model(const Model& model, const std::string& path) {
  OutputFile file(path);
  save_model(model, file);
  file.commit();
}

namespace {

std::unique_ptr<Model> read(ModelReader& file) {
  std::unique_ptr<Model> model = file.kind().read(file);
  file.check_unchanged();
  return model;
}

}  // namespace

std::unique_ptr<Model> load_model(const std::string& path) {
  ModelReader file(path);
  return read(file);
}

Factorization load_factorization(const std::string& path, std::string* checksum) {
  ModelReader file(path);
  const std::unique_ptr<Model> model = read(file);
  if (checksum) *checksum = file.text("checksum");
  if (auto* factors = dynamic_cast<Factorization*>(model.get())) return std::move(*factors);
  file.fail(fmt::format("it holds a {}, but a factorization was expected", file.kind().word));
}

}  // namespace odot::inline ODOT_PRECISION
