// Models in formats of other programs.
#pragma once

#include <string>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/model.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Writes the tensors of save_model() as NAME.npy (NumPy's format 1.0), the ids as user_ids.txt and item_ids.txt, one a
/// line, and the metadata as metadata.json into the folder, which must be new or empty. Throws Error; then nothing is
/// left of it.
void export_npy(const Model& model, const std::string& folder);

/// Writes users.csv and items.csv, a header line and then a line of id, bias (where there are any) and factors for each
/// row, and metadata.json likewise. Numbers are the shortest that read back as the same Real. Throws Error for a model
/// with a link, too.
void export_csv(const Factorization& model, const std::string& folder);

/// How the rows of a LIBMF model are numbered: by ids that are numbers, or else in the model's order with the ids in a
/// file of their own.
struct LibmfRows {
  bool by_id = false;
  std::size_t rows = 0;   ///< rows that stand for no id included
  std::string id_file{};  ///< empty by id
};
struct LibmfExport {
  LibmfRows users;
  LibmfRows items;
  int rank = 0;  ///< with the columns that hold mean and biases
};

/// Writes the text that LIBMF's mf-predict reads, with ids beside it in PATH.users and PATH.items where they are no
/// numbers, or so far apart that most rows were empty. Mean and biases become one or two more columns, since LIBMF
/// predicts P_i·Q_j alone where it knows both; where it does not, its constant, here unknown_mean. LIBMF does not clip.
/// Throws Error, for a model with a link, too.
LibmfExport export_libmf(const Factorization& model, const std::string& path);

/// What import_libmf() read.
struct LibmfImport {
  Factorization model;
  Index empty_users = 0;  ///< rows without training ratings, whose ids the model does not know
  Index empty_items = 0;
};

/// Reads LIBMF's text model ("-": standard input; compressed too) of real-valued or one-class factorisation. Row k has
/// the id k, or number k of `user_ids` and `item_ids` where these are not empty. The model has neither mean nor biases,
/// predicts LIBMF's constant where something is unknown, and does not clip. Throws Error, which names file and line.
LibmfImport import_libmf(const std::string& path, const std::vector<std::string>& user_ids = {},
                         const std::vector<std::string>& item_ids = {});

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
