// Trainings seen from outside: running them, reading their files, and computing their figures by definition.
#include "runs.hpp"

#include <fmt/format.h>

#include <boost/crc.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace odot::test {
namespace {

constexpr std::size_t kLength = 8;  // bytes that hold the header's length

Json header_of(const std::string& file, std::size_t& data) {
  std::uint64_t length = 0;
  REQUIRE(file.size() > kLength);
  std::memcpy(&length, file.data(), kLength);
  data = kLength + length;
  return Json::parse(file.substr(kLength, length));
}

template <class Element>
std::vector<double> numbers_in(const std::string& bytes) {
  std::vector<Element> elements(bytes.size() / sizeof(Element));
  std::memcpy(elements.data(), bytes.data(), bytes.size());
  return {elements.begin(), elements.end()};
}

// A model file's tensors as numbers.
std::map<std::string, std::vector<double>> numbers_of(const std::string& file) {
  std::size_t data = 0;
  const Json header = header_of(file, data);
  std::map<std::string, std::vector<double>> all;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const auto begin = entry["data_offsets"][0].get<std::size_t>();
    const std::string bytes = file.substr(data + begin, entry["data_offsets"][1].get<std::size_t>() - begin);
    const std::string type = entry["dtype"];
    all[name] = type == "F32"   ? numbers_in<float>(bytes)
                : type == "F64" ? numbers_in<double>(bytes)
                : type == "I64" ? numbers_in<std::int64_t>(bytes)
                                : numbers_in<std::uint8_t>(bytes);
  }
  return all;
}

double dot(const std::vector<double>& a, const std::vector<double>& b, std::size_t count) {
  double sum = 0;
  for (std::size_t k = 0; k < count; ++k) sum += a[k] * b[k];
  return sum;
}

}  // namespace

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Json report_of(const Session& session, const Words& words, int code) {
  CAPTURE(words);
  const Outcome outcome = run(session.folder, with(words, {"--json", "--quiet"}));
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == code);
  Json report = Json::parse(outcome.out);
  for (const char* part : {"load", "train", "evaluate"}) CHECK(report.at("seconds").at(part).get<double>() >= 0);
  CHECK(report["seconds"].size() == 3);
  CHECK(report.at("peak_memory_bytes").get<double>() > 1e5);
  report.erase("seconds");
  report.erase("peak_memory_bytes");
  return report;
}

std::vector<Json> trace_of(const Session& session, const std::string& name) {
  std::vector<Json> lines;
  double seconds = 0;
  for (const std::string& line : lines_of(read_bytes(session.folder / name))) {
    Json& json = lines.emplace_back(Json::parse(line));
    CHECK(json.at("seconds").get<double>() >= seconds);
    seconds = json["seconds"].get<double>();
    json.erase("seconds");
  }
  REQUIRE(!lines.empty());
  return lines;
}

std::map<std::string, std::string> settings_of(const Session& session, const std::string& model) {
  std::map<std::string, std::string> texts;
  const Json info = Json::parse(session.done({"info", model, "--json"}).out);
  for (const auto& [name, value] : info.at("settings").items()) {
    texts[name] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return texts;
}

std::vector<Rating> ratings_in(const std::string& text) {
  std::vector<Rating> ratings;
  for (const Words& fields : fields_of(text)) ratings.push_back({fields.at(0), fields.at(1), std::stod(fields.at(2))});
  return ratings;
}

Rated::Rated() {
  write_rated_features(folder, 31);
  write_bytes(folder / "items.csv", read_bytes(folder / "items.csv") + "21,film\n");
  std::string parts[2];
  int number = 0;
  for (const std::string& line : lines_of(small_ratings())) parts[++number % 7 == 0] += line + "\n";
  parts[1] += "31,1,4\n2,21,2\n3,21,1\n31,21,5\n";
  write_bytes(folder / "t.csv", parts[0]);
  write_bytes(folder / "v.csv", parts[1]);
  train = ratings_in(parts[0]);
  valid = ratings_in(parts[1]);
}

double mean_of(const std::vector<Rating>& ratings) {
  double sum = 0;
  for (const Rating& rating : ratings) sum += rating.value;
  return sum / static_cast<double>(ratings.size());
}

double deviation_of(const std::vector<Rating>& ratings) {
  const double mean = mean_of(ratings);
  double squares = 0;
  for (const Rating& rating : ratings) squares += (rating.value - mean) * (rating.value - mean);
  return std::sqrt(squares / static_cast<double>(ratings.size()));
}

Errors errors_of(const Session& session, const std::string& model, const std::vector<Rating>& ratings) {
  std::string pairs;
  for (const Rating& rating : ratings) pairs += rating.user + "," + rating.item + "\n";
  write_bytes(session.folder / "pairs", pairs);
  const std::vector<Words> lines = fields_of(session.done({"predict", model, "pairs", "-q"}).out);
  REQUIRE(lines.size() == ratings.size());
  double squares = 0;
  double sizes = 0;
  for (std::size_t k = 0; k < ratings.size(); ++k) {
    const double error = std::stod(lines[k].at(2)) - ratings[k].value;
    squares += error * error;
    sizes += std::abs(error);
  }
  const auto count = static_cast<double>(ratings.size());
  return {std::sqrt(squares / count), sizes / count};
}

double Factors::predict(const std::string& user, const std::string& item) const {
  const std::vector<double>& u = users.at(user);
  const std::vector<double>& v = items.at(item);
  const std::size_t rank = u.size() - biases;
  return mean + dot(u, v, rank) + (biases ? u[rank] + v[rank] : 0);
}

Factors factors_of(const Session& session, const std::string& model) {
  const auto numbers = numbers_of(read_bytes(session.folder / model));
  const Json info = Json::parse(session.done({"info", model, "--json"}).out);
  Factors factors;
  factors.biases = info.at("biases");
  factors.mean = info.at("mean");
  factors.pin = factors.biases ? info.at("settings").at("pin").get<double>() : 1;
  const auto read = [&](const std::string& side, const std::string& matrix, auto& rows) {
    const std::vector<double>& values = numbers.at(matrix);
    const std::vector<double>& ids = numbers.at(side + "_ids");
    const std::vector<double>& offsets = numbers.at(side + "_id_offsets");
    const std::size_t rank = values.size() / (offsets.size() - 1);
    for (std::size_t row = 0; row + 1 < offsets.size(); ++row) {
      std::string id;
      for (auto k = static_cast<std::size_t>(offsets[row]); k < static_cast<std::size_t>(offsets[row + 1]); ++k) {
        id += static_cast<char>(ids[k]);
      }
      for (std::size_t k = 0; k < rank; ++k) rows[id].push_back(values[row * rank + k]);
      if (factors.biases) rows[id].push_back(numbers.at(side + "_bias")[row]);
    }
  };
  read("user", "U", factors.users);
  read("item", "V", factors.items);
  return factors;
}

Objective objective_of(const Factors& factors, const std::vector<Rating>& ratings, double lambda, double per_rating) {
  std::map<std::string, int> user_counts;
  std::map<std::string, int> item_counts;
  auto user_gradient = factors.users;
  auto item_gradient = factors.items;
  for (const Rating& rating : ratings) ++user_counts[rating.user], ++item_counts[rating.item];
  double value = 0;
  // A bias is the pin times a factor that is penalised.
  const auto start = [&](const auto& rows, auto& counts, auto& gradients) {
    for (const auto& [id, row] : rows) {
      const double weight = lambda + per_rating * counts[id];
      for (std::size_t k = 0; k < row.size(); ++k) {
        const bool bias = factors.biases && k + 1 == row.size();
        const double factor = bias ? row[k] / factors.pin : row[k];
        value += weight * factor * factor;
        gradients[id][k] = 2 * weight * factor;
      }
    }
  };
  start(factors.users, user_counts, user_gradient);
  start(factors.items, item_counts, item_gradient);
  for (const Rating& rating : ratings) {
    const double error = factors.predict(rating.user, rating.item) - rating.value;
    value += error * error;
    const std::vector<double>& u = factors.users.at(rating.user);
    const std::vector<double>& v = factors.items.at(rating.item);
    for (std::size_t k = 0; k < u.size(); ++k) {
      const bool bias = factors.biases && k + 1 == u.size();
      user_gradient[rating.user][k] += 2 * error * (bias ? factors.pin : v[k]);
      item_gradient[rating.item][k] += 2 * error * (bias ? factors.pin : u[k]);
    }
  }
  const auto squares = [](const auto& rows) {
    double sum = 0;
    for (const auto& [id, row] : rows) sum += dot(row, row, row.size());
    return sum;
  };
  const double of_users = squares(user_gradient);
  return {value, std::sqrt(of_users + squares(item_gradient)), std::sqrt(of_users)};
}

std::string with_metadata(const std::string& file, const std::function<void(Json&)>& change) {
  std::size_t data = 0;
  Json header = header_of(file, data);
  Json& metadata = header.at("__metadata__");
  change(metadata);
  boost::crc_32_type checksum;
  for (const auto& [key, value] : metadata.items()) {
    if (key == "checksum") continue;
    const std::string text = value;
    checksum.process_bytes(key.c_str(), key.size() + 1);
    checksum.process_bytes(text.c_str(), text.size() + 1);
  }
  checksum.process_bytes(file.data() + data, file.size() - data);
  metadata["checksum"] = fmt::format("crc32:{:08x}", checksum.checksum());
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), kLength) + text + file.substr(data);
}

std::string tensors_of(const std::string& file) {
  std::size_t data = 0;
  header_of(file, data);
  return file.substr(data);
}

doctest::Approx about(const Json& value, double epsilon) {
  REQUIRE(value.is_number());
  return doctest::Approx(value.get<double>()).epsilon(epsilon);
}

}  // namespace odot::test
