// Model files as tests look at them.
#pragma once

#include <string>

#include "odot/model/model_file.hpp"
#include "support/temporary_folder.hpp"

namespace odot::test {

/// Saves a model of any kind to `path`; returns the file's bytes.
inline std::string saved(const Model& model, const std::string& path) {
  save_model(model, path);
  return read_bytes(path);
}

/// The bytes of the model's file.
inline std::string file_bytes(const Model& model) {
  const TemporaryFolder folder;
  return saved(model, folder / "model.safetensors");
}

}  // namespace odot::test
