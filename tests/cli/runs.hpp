// Trainings seen from outside: what they print and write, less what the clock decides, and their figures computed anew
// from the model file and the ratings.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "program.hpp"

namespace odot::test {

Words with(Words words, const Words& more);

/// Runs a training that is to end with this exit code; its report without seconds and memory, of which it checks only
/// that they are there.
Json report_of(const Session& session, const Words& words, int code = 0);

/// The lines of a trace without their seconds, which must not fall.
std::vector<Json> trace_of(const Session& session, const std::string& name);

/// The settings that a model file records, by name.
std::map<std::string, std::string> settings_of(const Session& session, const std::string& model);

struct Rating {
  std::string user;
  std::string item;
  double value;
};

/// The ratings of lines "user,item,rating".
std::vector<Rating> ratings_in(const std::string& text);

/// Ratings to train on in t.csv, of 30 users and 20 items; to measure on in v.csv, of which 2 are of unknown users and
/// 3 of unknown items; features of the users and items of both in users.csv and items.csv.
struct Rated : Session {
  Rated();
  std::vector<Rating> train;
  std::vector<Rating> valid;
};

double mean_of(const std::vector<Rating>& ratings);
/// Standard deviation, of all and not of a sample.
double deviation_of(const std::vector<Rating>& ratings);

struct Errors {
  double rmse;
  double mae;
};
/// Of what the model predicts for these ratings.
Errors errors_of(const Session& session, const std::string& model, const std::vector<Rating>& ratings);

/// A factorisation as its file has it: rows of factors by id, the bias last where there are biases.
struct Factors {
  std::map<std::string, std::vector<double>> users;
  std::map<std::string, std::vector<double>> items;
  bool biases;
  double mean;
  double pin;  ///< the partner of a bias in training; 1 without biases

  double predict(const std::string& user, const std::string& item) const;
};
Factors factors_of(const Session& session, const std::string& model);

/// What training minimises, by its definition in docs/design.md.
struct Objective {
  double value;
  double gradient_norm;
  double user_gradient_norm;  ///< of the users' part of the gradient
};
Objective objective_of(const Factors& factors, const std::vector<Rating>& ratings, double lambda, double per_rating);

/// A safetensors file with changed metadata and the checksum that goes with them.
std::string with_metadata(const std::string& file, const std::function<void(Json&)>& change);
/// The bytes of a safetensors file's tensors, without its metadata.
std::string tensors_of(const std::string& file);

/// A number close to a value of a report that was computed in single precision.
doctest::Approx about(const Json& value, double epsilon = 2e-5);

}  // namespace odot::test
