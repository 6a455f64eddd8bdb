// The kinds of models: a kind of one's own is used as the library's are, and what all share comes back from files.
#include "odot/model/kinds.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "mlp_models.hpp"
#include "model_parts.hpp"
#include "models.hpp"
#include "odot/core/error.hpp"
#include "odot/model/exchange.hpp"
#include "odot/model/model_reader.hpp"
#include "odot/model/model_writer.hpp"
#include "odot/model/pair_loops.hpp"
#include "support/saved_model.hpp"

namespace odot {
namespace {

using test::Parts;
using test::read_bytes;
using test::saved;
using test::TemporaryFolder;
using test::write_bytes;

// Predicts one number for everything.
struct Constant final : Model {
  double value = 0;

  const ModelKind& kind() const override;
  void predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const override;
  Evaluation evaluate(const Triples& ratings, bool clip_to_range) const override;
};

struct ConstantPredictor {
  ConstantPredictor(const Constant& one, bool to_range) : model(one), clip(to_range) {}
  void operator()(const Triples&, std::size_t begin, std::size_t end, double* out) {
    std::fill_n(out, end - begin, clip ? model.clipped(model.value) : model.value);
  }
  const Constant& model;
  bool clip;
};

void Constant::predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const {
  predict_pairs<ConstantPredictor>(*this, pairs, clip_to_range, out);
}
Evaluation Constant::evaluate(const Triples& ratings, bool clip_to_range) const {
  return evaluate_pairs<ConstantPredictor>(*this, ratings, clip_to_range);
}

ModelParts parts_of(const Model& any) {
  safetensors::Metadata metadata = shared_metadata(any);
  metadata["value"] = std::to_string(static_cast<const Constant&>(any).value);
  metadata["count"] = std::to_string(any.users.size());
  return {{id_offsets("user_id_offsets", any.users), id_bytes("user_ids", any.users)}, metadata};
}

std::unique_ptr<Model> read(ModelReader& file) {
  auto model = std::make_unique<Constant>();
  read_shared(file, *model);
  model->value = file.number<double>("value");
  model->users = file.ids("user_ids", "user_id_offsets", file.number<Index>("count"));
  file.expect_no_more();
  return model;
}

Description describe(const Model& any) {
  return {{"users", std::uint64_t{any.users.size()}}, {"value", static_cast<const Constant&>(any).value}};
}

constexpr ModelKind kConstant{.format = "test-constant",
                              .word = "constant",
                              .predicts = true,
                              .ranks = false,
                              .folds_in = false,
                              .read = read,
                              .parts = parts_of,
                              .describe = describe};
const ModelKind& Constant::kind() const { return kConstant; }

TEST_CASE("a kind of one's own is registered, saved, loaded, used and described as the others are") {
  const TemporaryFolder folder;
  Constant model;
  model.users.add("anna");
  model.users.add("ben");
  model.value = 4.5;
  model.lowest = 1;
  model.highest = 4;
  model.settings["note"] = "made by a test";
  const std::string bytes = saved(model, folder / "m");
  CHECK(find_model_kind("test-constant") == nullptr);
  CHECK_THROWS_WITH_AS(load_model(folder / "m"), doctest::Contains("does not hold an odot model"), Error);

  const std::size_t before = model_kinds().size();
  register_model_kind(kConstant);
  CHECK(model_kinds().size() == before + 1);
  CHECK(find_model_kind("test-constant") == &kConstant);
  const std::unique_ptr<Model> back = load_model(folder / "m");
  CHECK(&back->kind() == &kConstant);
  CHECK(saved(*back, folder / "again") == bytes);
  CHECK(back->users.find("ben") == 1);
  CHECK(back->settings == model.settings);
  const Triples ratings{{0, 1, kUnknown}, {0, 0, kUnknown}, {4, 4, 1}};
  std::vector<double> out(3);
  back->predict(ratings, true, out);
  CHECK(out == std::vector<double>{4, 4, 4});
  CHECK(back->evaluate(ratings, true).rmse == doctest::Approx(std::sqrt(3.0)));
  CHECK(back->evaluate(ratings, false).rmse == doctest::Approx(std::sqrt((0.25 + 0.25 + 12.25) / 3)));
  const Description description = back->kind().describe(*back);
  REQUIRE(description.size() == 2);
  CHECK(description[0].first == "users");
  CHECK(std::get<std::uint64_t>(description[0].second) == 2);
  CHECK(std::get<double>(description[1].second) == 4.5);
  export_npy(*back, folder / "out");
  CHECK(read_bytes(folder / "out/user_ids.txt") == "anna\nben\n");
  CHECK_THROWS_WITH_AS(load_factorization(folder / "m"), doctest::Contains("it holds a constant"), Error);

  ModelKind twin = kConstant;
  twin.word = "twin";
  CHECK_THROWS_WITH_AS(register_model_kind(twin), doctest::Contains("test-constant"), Error);
  CHECK(find_model_kind("test-constant") == &kConstant);
}

TEST_CASE("models of every kind are used alike") {
  const Mlp network = test::random_mlp({5});
  const Factorization factors = test::random_model(9, 7, 3, true, 1);
  for (const Model* model : {static_cast<const Model*>(&network), static_cast<const Model*>(&factors)}) {
    CAPTURE(model->kind().word);
    CHECK(find_model_kind(model->kind().format) == &model->kind());
    RatingList list;
    list.users.add("nobody");
    list.users.add(model->users[3]);
    list.items.add(model->items[2]);
    list.ratings = {{0, 1}, {0, 0}, {2, 2}};
    const Triples pairs = reindex(list, *model);
    CHECK(pairs.user == std::vector<Index>{kUnknown, 3});
    CHECK(pairs.item == std::vector<Index>{2, 2});
    std::vector<double> out(2);
    model->predict(pairs, false, out);
    const Evaluation errors = model->evaluate(pairs, false);
    CHECK(errors.mae == doctest::Approx((std::abs(out[0] - 2) + std::abs(out[1] - 2)) / 2));
    CHECK(errors.unknown_users == 1);
    CHECK_THROWS_AS(model->evaluate(Triples{{99}, {0}, {1}}, true), Error);
    const Description description = model->kind().describe(*model);
    CHECK(description[0].first == "users");
    CHECK(std::get<std::uint64_t>(description[0].second) == 9);
    CHECK(std::get<std::uint64_t>(description[1].second) == 7);
  }
}

// A field of Model and how a record says it.
struct Field {
  const char* name;
  const char* text;  // after the change
  std::function<void(Model&)> change;
};

const std::vector<Field>& fields() {
  static const std::vector<Field> all{
      {"clip", "false", [](Model& m) { m.clip = false; }},
      {"non-negative", "true", [](Model& m) { m.non_negative = true; }},
      {"lambda", "0.1",
       [](Model& m) {
         m.regularisation = Regularisation{0.1, 0};
       }},
      {"lambda-per-rating", "0.3",
       [](Model& m) {
         m.regularisation = Regularisation{0, 0.3};
       }},
      {"pin", "1.7", [](Model& m) { m.training_pin = 1.7; }},
      {"folded-in-users", "12345678901", [](Model& m) { m.folded_in_users = 12'345'678'901; }},
      {"folded-in-items", "2", [](Model& m) { m.folded_in_items = 2; }}};
  return all;
}

void check_same(const Model& found, const Model& expected) {
  CHECK(found.lowest == expected.lowest);
  CHECK(found.highest == expected.highest);
  CHECK(found.clip == expected.clip);
  CHECK(found.non_negative == expected.non_negative);
  CHECK(found.regularisation == expected.regularisation);
  CHECK(found.training_pin == expected.training_pin);
  CHECK(found.folded_in_users == expected.folded_in_users);
  CHECK(found.folded_in_items == expected.folded_in_items);
}

template <class AnyModel>
void check_fields(const AnyModel& plain) {
  const TemporaryFolder folder;
  const auto metadata = [](const std::string& bytes) { return Parts(bytes).header["__metadata__"]; };
  const auto before = metadata(saved(plain, folder / "plain"));
  check_same(*load_model(folder / "plain"), plain);
  for (const Field& field : fields()) {
    CAPTURE(field.name);
    const std::string name = std::string("setting.") + field.name;
    AnyModel model = plain;
    field.change(model);
    const std::string bytes = saved(model, folder / "model");
    const auto written = metadata(bytes);
    CHECK((!before.contains(name) || before[name] != field.text));
    CHECK(written[name] == field.text);
    const std::unique_ptr<Model> back = load_model(folder / "model");
    check_same(*back, model);
    CHECK(back->settings.at(field.name) == field.text);
    CHECK(saved(*back, folder / "again") == bytes);
    // And what is changed again comes before what the record said.
    back->clip = plain.clip;
    back->non_negative = plain.non_negative;
    back->regularisation = plain.regularisation;
    back->training_pin = plain.training_pin;
    back->folded_in_users = plain.folded_in_users;
    back->folded_in_items = plain.folded_in_items;
    saved(*back, folder / "again");
    check_same(*load_model(folder / "again"), plain);
  }
}

TEST_CASE("each field that says how a model was trained comes back from a file of any kind") {
  Factorization factors = test::random_model(3, 2, 2, true, 1);
  check_fields(factors);
  factors.settings.clear();
  factors.regularisation.reset();
  check_fields(factors);
  check_fields(test::random_mlp({2}));
}

TEST_CASE("nothing is added to a record that means the same without it") {
  const TemporaryFolder folder;
  Factorization model = test::random_model(3, 2, 2, true, 1);
  saved(model, folder / "m");
  CHECK(load_model(folder / "m")->settings == model.settings);
  // What says so in records that have no word for it: a rank, and neither optimizer nor mean nor biases.
  model.settings = {{"method", "nnmf"}, {"rank", "2"}, {"center", "false"}, {"biases", "false"}, {"lambda", "0.05"}};
  model.non_negative = true;
  saved(model, folder / "m");
  CHECK(load_model(folder / "m")->settings == model.settings);
  CHECK(load_model(folder / "m")->non_negative);
  model.non_negative = false;
  saved(model, folder / "m");
  CHECK_FALSE(load_model(folder / "m")->non_negative);
}

TEST_CASE("a record whose numbers are none is an error that names it") {
  const TemporaryFolder folder;
  Factorization model = test::random_model(3, 2, 2, true, 1);
  const std::string bytes = saved(model, folder / "m");
  for (const char* name : {"lambda", "lambda-per-rating", "pin", "folded-in-users", "folded-in-items"}) {
    for (const char* text : {"many", "-1", "", "nan", "1 "}) {
      CAPTURE(name);
      CAPTURE(text);
      Parts parts(bytes);
      parts.header["__metadata__"][std::string("setting.") + name] = text;
      write_bytes(folder / "bad", parts.bytes());
      CHECK_THROWS_WITH_AS(load_model(folder / "bad"), doctest::Contains(name), Error);
    }
  }
}

}  // namespace
}  // namespace odot
