// Fields of a model as settings in words, and back.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "model/formats/record_names.hpp"
#include "odot/model/kinds.hpp"
#include "odot/model/model_reader.hpp"
#include "odot/model/model_writer.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using Record = std::map<std::string, std::string>;

constexpr const char* kClip = "clip";
constexpr const char* kLambda = "lambda";
constexpr const char* kLambdaPerRating = "lambda-per-rating";
constexpr const char* kPin = "pin";
constexpr const char* kNonNegative = "non-negative";
constexpr const char* kFoldedInUsers = "folded-in-users";
constexpr const char* kFoldedInItems = "folded-in-items";

// Text that JSON can hold: bytes that are not UTF-8 become replacement characters.
std::string as_utf8(const std::string& text) {
  using nlohmann::json;
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

// Whether a record that does not say it is that of a non-negative model: the one method that had a rank and ran no
// optimizer, when records did not say it yet, kept factors from being negative, and had neither mean nor biases.
bool non_negative_unsaid(const Record& record) {
  const auto is_off = [&](const char* name) {
    const auto found = record.find(name);
    return found != record.end() && found->second == "false";
  };
  return record.contains("method") && record.contains("rank") && !record.contains("optimizer") && is_off("center") &&
         is_off("biases");
}

// The settings, and where they say something else than the fields, what these say.
Record record_of(const Model& model) {
  Record record = model.settings;
  // What a record without the name means anyway is not added to it.
  const auto put = [&](const char* name, const std::optional<std::string>& text, const char* without = "") {
    if (!text) {
      record.erase(name);
    } else if (record.contains(name) || *text != without) {
      record[name] = *text;
    }
  };
  const auto text_of = [](bool value) { return value ? "true" : "false"; };
  using Text = std::optional<std::string>;
  const std::optional<Regularisation>& by = model.regularisation;
  put(kClip, text_of(model.clip), "true");
  put(kLambda, by ? Text(fmt::format("{}", by->lambda)) : Text());
  put(kLambdaPerRating, by ? Text(fmt::format("{}", by->per_rating)) : Text(), "0");
  put(kPin, model.training_pin ? Text(fmt::format("{}", *model.training_pin)) : Text());
  put(kNonNegative, text_of(model.non_negative), text_of(non_negative_unsaid(record)));
  put(kFoldedInUsers, fmt::format("{}", model.folded_in_users), "0");
  put(kFoldedInItems, fmt::format("{}", model.folded_in_items), "0");
  return record;
}

// A number ≥ 0 that the record holds.
template <class Number>
std::optional<Number> recorded(const ModelReader& file, const Record& record, const char* name) {
  if (!record.contains(name)) return std::nullopt;
  const std::string full_name = std::string(kSettingPrefix) + name;
  const auto value = file.number<Number>(full_name);
  if (static_cast<double>(value) < 0) {
    file.fail(fmt::format("\"{}\" in its metadata should not be negative, but is {}", full_name, value));
  }
  return value;
}

}  // namespace

safetensors::Metadata shared_metadata(const Model& model) {
  safetensors::Metadata metadata;
  metadata["format"] = model.kind().format;
  metadata["version"] = std::to_string(kModelVersion);
  metadata["lowest"] = fmt::format("{}", model.lowest);
  metadata["highest"] = fmt::format("{}", model.highest);
  for (const auto& [name, value] : record_of(model)) {
    metadata[as_utf8(std::string(kSettingPrefix) + name)] = as_utf8(value);
  }
  return metadata;
}

void read_shared(const ModelReader& file, Model& model) {
  model.lowest = file.number<double>("lowest");
  model.highest = file.number<double>("highest");
  if (model.lowest > model.highest) {
    file.fail(fmt::format("its range of ratings is empty: {} to {}", model.lowest, model.highest));
  }
  model.settings = file.settings();
  const Record& record = model.settings;
  const auto clip = record.find(kClip);
  model.clip = clip == record.end() || clip->second != "false";
  if (const auto lambda = recorded<double>(file, record, kLambda)) {
    model.regularisation = Regularisation{*lambda, recorded<double>(file, record, kLambdaPerRating).value_or(0)};
  }
  model.training_pin = recorded<double>(file, record, kPin);
  const auto non_negative = record.find(kNonNegative);
  model.non_negative = non_negative == record.end() ? non_negative_unsaid(record) : non_negative->second == "true";
  model.folded_in_users = recorded<std::uint64_t>(file, record, kFoldedInUsers).value_or(0);
  model.folded_in_items = recorded<std::uint64_t>(file, record, kFoldedInItems).value_or(0);
}

}  // namespace odot::inline ODOT_PRECISION
