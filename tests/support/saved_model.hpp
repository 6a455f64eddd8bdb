// Model files as tests look at them.
#pragma once

#include <string>

#include "odot/core/output_file.hpp"
#include "odot/model/model_file.hpp"
#include "support/temporary_folder.hpp"

namespace odot::test {

/// Saves a model of any kind to `path`; returns the file's bytes.
template <class AnyModel>
std::string saved(const AnyModel& model, const std::string& path) {
  OutputFile file(path);
  save_model(model, file);
  file.commit();
  return read_bytes(path);
}

/// The bytes of the model's file.
template <class AnyModel>
std::string file_bytes(const AnyModel& model) {
  const TemporaryFolder folder;
  return saved(model, folder / "model.safetensors");
}

}  // namespace odot::test
