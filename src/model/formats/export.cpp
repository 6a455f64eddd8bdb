// Models for NumPy, and as tables.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "core/output_folder.hpp"
#include "model/formats/id_lines.hpp"
#include "model/formats/refuse_link.hpp"
#include "odot/core/error.hpp"
#include "odot/model/exchange.hpp"
#include "odot/model/kinds.hpp"
#include "odot/model/model_writer.hpp"
#include "odot/ratings/write.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using safetensors::Dtype;
using safetensors::Output;

// How NumPy calls the type.
const char* description(Dtype dtype) {
  switch (dtype) {
    case Dtype::u8:
      return "|u1";
    case Dtype::i64:
      return "<i8";
    case Dtype::f32:
      return "<f4";
    case Dtype::f64:
      return "<f8";
  }
  return "";
}

// NPY format 1.0: magic string, version, u16 length of the header, a Python dictionary that is padded with blanks so
// that the data begin at a multiple of 64 bytes, the elements as they lie in memory.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
void write_npy(const Output& tensor, OutputFile& file) {
  constexpr std::size_t kBefore = 10;
  constexpr std::size_t kAlignment = 64;
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}",
                                   description(tensor.dtype), fmt::join(tensor.shape, ", "));
  header.resize((kBefore + header.size() + kAlignment) / kAlignment * kAlignment - kBefore, ' ');
  header.back() = '\n';
  file.write({"\x93NUMPY\x01\x00", 8});
  const char length[] = {static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  file.write({length, sizeof length});
  file.write(header);
  tensor.emit([&](std::string_view bytes) { file.write(bytes); });
}

void write_metadata(const ModelParts& parts, OutputFile& file) {
  file.write(nlohmann::json(parts.metadata).dump(2) + "\n");
}

// What a table's rows are.
struct Rows {
  const char* what;
  const IdTable& ids;
  const Real* first;
  int bias;  // its column; −1: none
};

void write_table(const Rows& rows, const Factorization& model, OutputFile& file) {
  std::string text = rows.what;
  if (rows.bias >= 0) text += ",bias";
  for (int k = 1; k <= model.layout.rank; ++k) text += fmt::format(",factor_{}", k);
  file.write(text + "\n");
  for (Index row = 0; row < rows.ids.size(); ++row) {
    const Real* values = rows.first + row * model.layout.stride();
    text.clear();
    append_field(text, rows.ids[row], ",");
    if (rows.bias >= 0) {
      text += ',';
      append_number(text, static_cast<Real>(static_cast<double>(values[rows.bias]) * model.pin));
    }
    for (int k = 0; k < model.layout.rank; ++k) {
      text += ',';
      append_number(text, values[k]);
    }
    file.write(text + "\n");
  }
}

}  // namespace

void export_npy(const Model& model, const std::string& folder) {
  OutputFolder output(folder);
  const ModelParts parts = model.kind().parts(model);
  for (const Output& tensor : parts.tensors) {
    const bool ids = tensor.name.starts_with("user_id") || tensor.name.starts_with("item_id");
    if (!ids) write_npy(tensor, output.add(tensor.name + ".npy"));
  }
  write_id_lines(model.users, output.add("user_ids.txt"));
  write_id_lines(model.items, output.add("item_ids.txt"));
  write_metadata(parts, output.add("metadata.json"));
  output.commit();
}

void refuse_link(const Factorization& model, std::string_view format) {
  if (!model.link) return;
  throw Error(fmt::format("the model's factors give latent numbers, which its cut points make ratings of; {} has no "
                          "place for these, npy has",
                          format),
              ErrorKind::usage);
}

void export_csv(const Factorization& model, const std::string& folder) {
  refuse_link(model, "csv");
  OutputFolder output(folder);
  const FactorLayout& layout = model.layout;
  const Real* theta = model.theta.data();
  write_table({"user", model.users, theta, layout.user_bias()}, model, output.add("users.csv"));
  write_table({"item", model.items, theta + layout.item_row(0), layout.item_bias()}, model, output.add("items.csv"));
  write_metadata(model.kind().parts(model), output.add("metadata.json"));
  output.commit();
}

}  // namespace odot::inline ODOT_PRECISION
