// The registry: names, ranges, and defaults that are what the methods really use.
#include "odot/optim/registry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "odot/core/error.hpp"
#include "odot/optim/minimize.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Every method of both kinds with a way to make it.
struct Entry {
  const Algorithm& method;
  bool is_optimizer;
  void make(const ParameterValues& values) const {
    if (is_optimizer) {
      make_direction(method.name, values);
    } else {
      make_step_rule(method.name, values);
    }
  }
};

std::vector<Entry> entries() {
  std::vector<Entry> all;
  for (const Algorithm& method : optimizers()) all.push_back({method, true});
  for (const Algorithm& method : line_searches()) all.push_back({method, false});
  return all;
}

TEST_CASE("all methods of the document are there, and no name twice") {
  const auto names = [](const std::vector<Algorithm>& methods) {
    std::set<std::string_view> result;
    for (const Algorithm& method : methods) result.insert(method.name);
    CHECK(result.size() == methods.size());
    return result;
  };
  const std::set<std::string_view> some{"adagrad", "adam", "adgd", "bfgs", "gd", "heavy-ball", "nesterov", "rmsprop"};
  const std::set<std::string_view> rules{"armijo", "constant", "decreasing", "lipschitz", "strong-wolfe", "weak-wolfe"};
  CHECK(std::ranges::includes(names(optimizers()), some));
  CHECK(std::ranges::includes(names(line_searches()), rules));
}

TEST_CASE("what the registry says of methods and parameters is complete and agrees with itself") {
  std::set<std::string_view> used;
  for (const Entry& entry : entries()) {
    CAPTURE(entry.method.name);
    CHECK_FALSE(entry.method.help.empty());
    if (entry.is_optimizer) CHECK(find_line_search(entry.method.default_partner).name == entry.method.default_partner);
    std::set<std::string_view> own;
    for (const auto& parameter_value : entry.method.parameters) {
      const std::string_view name = parameter_value.first;
      const double value = parameter_value.second;
      CAPTURE(name);
      CHECK(own.insert(name).second);
      used.insert(name);
      const Option& parameter = find_parameter(name);
      CHECK(parameter.name == name);
      CHECK(value >= parameter.range.low);
      CHECK(value <= parameter.range.high);
    }
  }
  for (const Option& parameter : parameters()) {
    CAPTURE(parameter.name);
    CHECK(used.contains(parameter.name));
    CHECK_FALSE(parameter.help.empty());
    CHECK_FALSE(parameter.range_text().empty());
    CHECK(parameter.range.low < parameter.range.high);
    if (!parameter.zero_word.empty()) CHECK(parameter.range.low == 0);
  }
  CHECK(used.size() == parameters().size());
}

TEST_CASE("the defaults are the literature's") {
  const auto value_of = [](const Algorithm& method, std::string_view name) {
    for (const auto& [own, value] : method.parameters) {
      if (own == name) return value;
    }
    FAIL("no such parameter");
    return 0.0;
  };
  CHECK(value_of(find_optimizer("heavy-ball"), "momentum") == 0.9);
  CHECK(value_of(find_optimizer("nesterov"), "momentum") == 0.9);
  CHECK(value_of(find_optimizer("adagrad"), "decay") == 1);
  CHECK(value_of(find_optimizer("rmsprop"), "decay") == 0.99);
  CHECK(value_of(find_optimizer("adam"), "beta1") == 0.9);
  CHECK(value_of(find_optimizer("adam"), "beta2") == 0.999);
  CHECK(value_of(find_optimizer("adam"), "epsilon") == 1e-8);
  CHECK(value_of(find_optimizer("lbfgs"), "memory") == 5);
  for (const std::string name : {"armijo", "weak-wolfe", "strong-wolfe"}) {
    CHECK(value_of(find_line_search(name), "c1") == 1e-4);
    if (name != "armijo") CHECK(value_of(find_line_search(name), "c2") == 0.9);
  }
}

// The iterates' end after some iterations with a direction and a rule.
Plain end_of_run(Direction& direction, StepRule& rule) {
  PlainObjective f = small_factorization();
  Vector x = to_vector({1, 1.5, 1, 1.25, 2});
  minimize(f, direction, rule, {.iterations = 15}, x);
  return to_plain(x);
}

TEST_CASE("the defaults in the registry are those in force") {
  for (const Entry& entry : entries()) {
    CAPTURE(entry.method.name);
    ParameterValues values;
    for (const auto& [name, value] : entry.method.parameters) values[std::string(name)] = value;
    const std::string_view optimizer = entry.is_optimizer ? entry.method.name : "gd";
    const std::string_view search = entry.is_optimizer ? entry.method.default_partner : entry.method.name;
    const Plain silent = end_of_run(*make_direction(optimizer), *make_step_rule(search));
    const Plain spoken = end_of_run(*make_direction(optimizer, entry.is_optimizer ? values : ParameterValues{}),
                                    *make_step_rule(search, entry.is_optimizer ? ParameterValues{} : values));
    CHECK(silent == spoken);
  }
}

TEST_CASE("unknown names are refused with the known ones, the nearest first") {
  const std::string optimizer = error_of([] { make_direction("addam"); });
  CHECK(contains(optimizer, "addam"));
  for (const Algorithm& method : optimizers()) CHECK(contains(optimizer, method.name));
  CHECK(optimizer.find("adam", optimizer.find("addam") + 5) < optimizer.find("gd"));
  CHECK(optimizer.find("adam", optimizer.find("addam") + 5) < optimizer.find("heavy-ball"));
  CHECK(error_of([] { find_optimizer("addam"); }) == optimizer);

  const std::string search = error_of([] { make_step_rule("wolfe"); });
  for (const Algorithm& method : line_searches()) CHECK(contains(search, method.name));
  CHECK(search.find("weak-wolfe") < search.find("constant"));

  const std::string parameter = error_of([] { find_parameter("momentun"); });
  CHECK(contains(parameter, "momentun"));
  CHECK(contains(parameter, "momentum"));
  for (const std::string name : {"", "GD", "gd "}) {
    CHECK_FALSE(error_of([&] { make_direction(name); }).empty());
    CHECK_FALSE(error_of([&] { make_step_rule(name); }).empty());
  }
}

TEST_CASE("a parameter that the method does not have is refused by name") {
  for (const Entry& entry : entries()) {
    CAPTURE(entry.method.name);
    for (const Option& parameter : parameters()) {
      CAPTURE(parameter.name);
      const auto& own = entry.method.parameters;
      const bool has = std::any_of(own.begin(), own.end(), [&](const auto& p) { return p.first == parameter.name; });
      if (has) continue;
      const double fine = (parameter.kind == OptionKind::integer)
                              ? 5
                              : std::min(parameter.range.low + 0.5, (parameter.range.low + parameter.range.high) / 2);
      const std::string error = error_of([&] { entry.make({{std::string(parameter.name), fine}}); });
      CHECK(contains(error, parameter.name));
      CHECK(contains(error, entry.method.name));
    }
    CHECK(contains(error_of([&] { entry.make({{"bogus", 1}}); }), "bogus"));
  }
}

TEST_CASE("values out of range are refused by name, and the ends are as the registry says") {
  for (const Entry& entry : entries()) {
    CAPTURE(entry.method.name);
    for (const auto& parameter_value : entry.method.parameters) {
      const std::string_view name = parameter_value.first;
      const double value = parameter_value.second;
      CAPTURE(name);
      const Option& parameter = find_parameter(name);
      const auto error = [&](double wrong) { return error_of([&] { entry.make({{std::string(name), wrong}}); }); };
      CHECK(error(value).empty());
      CHECK(contains(error(parameter.range.low - 1), name));
      CHECK(contains(error(NAN), name));
      CHECK(contains(error(INFINITY), name));
      CHECK(error(parameter.range.low).empty() == !parameter.range.low_open);
      if (std::isfinite(parameter.range.high)) {
        CHECK(contains(error(parameter.range.high + 1), name));
        // RMSProp's average would never leave 0 at α = 1, which AdaGrad's sum allows.
        const bool unusable = entry.method.name == "rmsprop" && name == "decay";
        CHECK(error(parameter.range.high).empty() == !(parameter.range.high_open || unusable));
      }
      if ((parameter.kind == OptionKind::integer)) CHECK(contains(error(value + 0.5), name));
      if (!parameter.zero_word.empty()) CHECK(error(0).empty());
    }
  }
}

TEST_CASE("the Wolfe rules want c1 below c2") {
  for (const std::string name : {"weak-wolfe", "strong-wolfe"}) {
    CHECK_FALSE(error_of([&] { make_step_rule(name, {{"c1", 0.5}, {"c2", 0.1}}); }).empty());
    CHECK(error_of([&] { make_step_rule(name, {{"c1", 0.1}, {"c2", 0.5}}); }).empty());
  }
}

}  // namespace
}  // namespace odot
