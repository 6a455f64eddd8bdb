// Model files: the safetensors format, so that any safetensors reader can load the parameters.
#pragma once

#include <memory>
#include <string>

#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/model.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Writes a model of any kind to `file`, which the caller commits. Equal models give equal bytes, and so does a model
/// that was loaded. The constants, settings ("setting.NAME", the fields of Model among them) and a checksum are in
/// `__metadata__`. Throws Error.
///
/// Tensors of a factorisation: U [users, rank] and V [items, rank] in the precision of Real; with biases user_bias
/// [users] and item_bias [items], in units of the ratings (element × pin: a loaded model has pin 1); the ids as bytes
/// one after another (user_ids, item_ids, U8) and where each begins and the last ends (user_id_offsets,
/// item_id_offsets, I64).
///
/// Of a network: layers.0.weight [outputs, inputs], layers.0.bias [outputs], layers.1.weight, …; the encoded features
/// user_inputs [users, n] and item_inputs [items, n], and the rows unknown_user [n] and unknown_item [n] that stand for
/// unknown ids; the ids as above.
void save_model(const Model& model, OutputFile& file);
/// The same to a new file in the place of whatever is at `path`, complete or not at all.
void save_model(const Model& model, const std::string& path);

/// Reads a model of any kind and either precision. Everything is checked; Error says what is wrong with which file.
/// Predictions are the same bits as those of the model that was saved, where its pin was 1 and the precision is the
/// same.
std::unique_ptr<Model> load_model(const std::string& path);

/// The same for a file that must hold a factorization. Throws Error when it holds another model. `checksum`, if given,
/// becomes the one in the file's metadata, such as "crc32:1f2e3d4c".
Factorization load_factorization(const std::string& path, std::string* checksum = nullptr);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
