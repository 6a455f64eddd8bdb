// odot info
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/command.hpp"
#include "cli/load.hpp"
#include "cli/options/train_options.hpp"
#include "cli/paths.hpp"
#include "odot/model/kinds.hpp"
#include "odot/model/model_file.hpp"

namespace odot::cli {
namespace {

// A safetensors file begins with eight bytes of length and a JSON object. A pipe is not asked: its first bytes would be
// lost to whoever reads it then.
bool looks_like_model(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  std::ifstream file(path, std::ios::binary);
  char head[9] = {};
  file.read(head, sizeof head);
  return file.gcount() == sizeof head && head[8] == '{' && head[7] == 0 && head[6] == 0;
}

Json to_json(const DescribedValue& value) {
  if (const auto* texts = std::get_if<std::vector<std::pair<std::string, std::string>>>(&value)) {
    Json json = Json::object();
    for (const auto& [name, text] : *texts) json[name] = text;
    return json;
  }
  return std::visit([](const auto& one) { return Json(one); }, value);
}

Json describe_model(const Model& model) {
  Json json{{"kind", "model"}};
  for (const auto& [name, value] : model.kind().describe(model)) json[name] = to_json(value);
  for (const auto& [name, value] : model.settings) json["settings"][name] = setting_json(name, value);
  return json;
}

// The most ratings of any one index.
std::size_t most_of_one(const std::vector<Index>& indices, Index count) {
  std::vector<std::size_t> counts(count);
  for (const Index index : indices) ++counts[index];
  return counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
}

Json describe_list(const Dataset& data) {
  const Triples& list = data.list;
  const ValueSummary values = summarize(list.value);
  std::vector<Real> distinct(list.value);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  const double cells = static_cast<double>(data.users.size()) * static_cast<double>(data.items.size());
  return {{"kind", "ratings"},
          {"ratings", list.size()},
          {"users", data.users.size()},
          {"items", data.items.size()},
          {"density", static_cast<double>(list.size()) / cells},
          {"mean", values.mean},
          {"deviation", values.deviation},
          {"lowest", values.lowest},
          {"highest", values.highest},
          {"distinct_values", distinct.size()},
          {"most_ratings_of_a_user", most_of_one(list.user, data.users.size())},
          {"most_ratings_of_an_item", most_of_one(list.item, data.items.size())}};
}

// The most ratings of any one row.
Offset most_of_row(const RatingSide& side) {
  Offset most = 0;
  for (Index row = 0; row < side.rows(); ++row) most = std::max(most, side.count(row));
  return most;
}

// Without reading the ratings, except to count values that have no table.
Json describe_odr(const Dataset& data, const std::string& path) {
  const RatingMatrix& ratings = *data.matrix;
  const RatingSide side = ratings.by_user();
  std::size_t distinct = ratings.table().size();
  if (distinct == 0) {
    std::vector<Real> values(ratings.size());
    side.read(0, side.size(), [&] { side.values.read(0, side.size(), values.data()); });
    std::sort(values.begin(), values.end());
    distinct = static_cast<std::size_t>(std::unique(values.begin(), values.end()) - values.begin());
  }
  const double cells = static_cast<double>(data.users.size()) * static_cast<double>(data.items.size());
  return {{"kind", "ratings"},
          {"ratings", ratings.size()},
          {"users", data.users.size()},
          {"items", data.items.size()},
          {"density", static_cast<double>(ratings.size()) / cells},
          {"mean", ratings.summary().mean},
          {"deviation", ratings.summary().deviation},
          {"lowest", ratings.summary().lowest},
          {"highest", ratings.summary().highest},
          {"distinct_values", distinct},
          {"most_ratings_of_a_user", most_of_row(side)},
          {"most_ratings_of_an_item", most_of_row(ratings.by_item())},
          {"file_bytes", std::filesystem::file_size(path)},
          {"values", ratings.table().empty() ? "plain" : "codes"}};
}

void print_lines(const Json& json, const std::string& prefix) {
  for (const auto& [name, value] : json.items()) {
    if (value.is_object()) {
      print_lines(value, prefix + name + ".");
      continue;
    }
    std::string label = prefix + name;
    std::replace(label.begin(), label.end(), '_', ' ');
    std::string text = value.dump();
    if (value.is_string()) text = value.get<std::string>();
    if (value.is_number_float()) text = fmt::format("{:.6g}", value.get<double>());
    std::cout << fmt::format("{:<28} {}\n", label, text);
  }
}

}  // namespace

Options declare_info() {
  Options options("odot info FILE... [options]", "Describes a model, or the ratings of one or more files.");
  options.arguments("FILE...", 1, -1);
  options.group("Results");
  options.flag("json", "print the description as one JSON object");
  options.reading_group();
  options.common_group();
  return options;
}

int run_info(const Arguments& arguments) {
  Options options = declare_info();
  if (!options.parse(arguments)) return kDone;
  check_paths({}, options.inputs({}));
  const std::vector<std::string>& files = options.arguments();
  const bool model = files.size() == 1 && looks_like_model(files[0]);
  const auto describe_ratings = [&] {
    const Dataset data = load_dataset(files, options);
    return data.matrix ? describe_odr(data, files[0]) : describe_list(data);
  };
  const Json json = model ? describe_model(*load_model(files[0])) : describe_ratings();
  if (options.flag_given("json")) {
    print_json(json);
  } else {
    print_lines(json, "");
  }
  return kDone;
}

}  // namespace odot::cli
