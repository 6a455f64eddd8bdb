// What the options change that train, cv and tune share.
#include "effects.hpp"

namespace odot::test {
namespace {

const std::string kFull = "--method full --rank 3 -t 6";
const std::string kRows = "--method blocks --optimizer gd --rank 3 -t 3";
const std::string kNnmf = "--method nnmf --rank 3 -t 6";
const std::string kVariational = "--method variational --rank 3 -t 4";
const std::string kGibbs = "--method gibbs --rank 3 --burn-in 2 --samples 4 --keep 2";
const std::string kFeatures = "--method mlp --users users.csv --items items.csv";
const std::string kNetwork = kFeatures + " -t 2 --batch-size 64 --no-clip";
const std::string kSmallNetwork = kNetwork + " --layers 5";
// Predictions far from the ratings.
const std::string kWild = kFeatures + " --layers none --step 3 -t 2 --batch-size 64 --early-stop 0";
const std::string kOverfitting = "--tolerance 0 --lambda 0 -t 20";

std::string full(const std::string& optimizer, const std::string& line_search) {
  return "--rank 2 --optimizer " + optimizer + " --line-search " + line_search + " -t 5 --tolerance 0";
}

// Of what a factorisation is.
const std::vector<Effect> kModel{
    {"method", "-t 3", "--method full", ""},
    {"method", "-t 3", "--method nnmf", ""},
    {"method", "-t 3", "--method blocks", ""},
    {"method", "-t 3", "--method gibbs", ""},
    {"method", "-t 3", "--method blocks", "", "--method full"},
    {"method", "--optimizer adam -t 3", "--method blocks", ""},
    {"rank", "-t 3", "--rank 3", ""},
    {"rank", "--method full -t 3", "--rank 3", ""},
    {"rank", "--method nnmf -t 3", "--rank 3", ""},
    {"rank", "--method variational -t 3", "--rank 3", ""},
    {"rank", "--method gibbs -t 3", "--rank 3", ""},
    {"lambda", "--rank 2 -t 3", "--lambda 0.5", ""},
    {"lambda", "--lambda-per-rating 0.3 --rank 2 -t 3", "--lambda 0.5", ""},
    {"lambda", kRows, "--lambda 0.5", ""},
    {"lambda", kFull, "--lambda 0.5", ""},
    {"lambda", kNnmf, "--lambda 0.5", ""},
    {"lambda-per-rating", "--rank 2 -t 3", "--lambda-per-rating 0.3", ""},
    {"lambda-per-rating", "--lambda 0.5 --rank 2 -t 3", "--lambda-per-rating 0.3", ""},
    {"lambda-per-rating", kRows + " --lambda 0.5", "--lambda-per-rating 0.3", ""},
    {"lambda-per-rating", kFull + " --lambda 0.5", "--lambda-per-rating 0.3", ""},
    {"lambda-per-rating", kNnmf + " --lambda 0.5", "--lambda-per-rating 0.3", ""},
    {"unobserved-weight", "--method blocks --rank 2 -t 3", "--unobserved-weight 0.1", ""},
    {"unobserved-weight", kRows, "--unobserved-weight 0.1", ""},
    {"unobserved-weight", kFull, "--unobserved-weight 0.1", ""},
    {"unobserved-weight", kNnmf, "--unobserved-weight 0.1", ""},
    {"unobserved-target", kRows + " --unobserved-weight 0.1", "--unobserved-target 2", ""},
    {"unobserved-target", kFull + " --unobserved-weight 0.1", "--unobserved-target 2", ""},
    {"unobserved-target", kNnmf + " --unobserved-weight 0.1", "--unobserved-target 2", ""},
    {"center", "-t 3 --config no_center", "--center", ""},
    {"no-center", "-t 3", "--no-center", ""},
    {"no-center", kFull, "--no-center", ""},
    {"biases", "-t 3 --config no_biases", "--biases", ""},
    {"no-biases", "-t 3", "--no-biases", ""},
    {"no-biases", kFull, "--no-biases", ""},
    {"clip", "--config no_clip " + kOverfitting, "--clip", "figures"},
    {"no-clip", kOverfitting, "--no-clip", "figures"},
    {"no-clip", "--method full " + kOverfitting, "--no-clip", "figures"},
    {"no-clip", "--method nnmf " + kOverfitting, "--no-clip", "figures"},
    {"no-clip", kWild, "--no-clip", "figures"},
    {"unobserved", "-t 3", "--unobserved", "report"},
    {"no-unobserved", "--method nnmf -t 3", "--no-unobserved", "report"},
    {"seed", "--rank 2 -t 3", "--seed 2", ""},
    {"seed", kFull, "--seed 2", ""},
    {"seed", kNnmf, "--seed 2", ""},
    {"seed", kSmallNetwork, "--seed 2", ""},
    {"seed", kVariational, "--seed 2", ""},
    {"seed", kGibbs, "--seed 2", ""},
};

// Of how it is found.
const std::vector<Effect> kOptimisation{
    {"optimizer", "--method blocks -t 3", "--optimizer gd", ""},
    {"optimizer", "--method full -t 3", "--optimizer gd", ""},
    {"optimizer", kSmallNetwork, "--optimizer rmsprop", ""},
    {"line-search", kRows, "--line-search exact", ""},
    {"line-search", kFull, "--line-search armijo", ""},
    {"line-search", kSmallNetwork, "--line-search decreasing", ""},
    {"iterations", "--rank 2", "--iterations 2", ""},
    {"iterations", "--rank 2 --method full", "--iterations 2", ""},
    {"iterations", "--rank 2 --method nnmf", "--iterations 2", ""},
    {"iterations", kFeatures + " --layers 5 --no-clip", "--iterations 2", ""},
    {"iterations", "--method variational --rank 2", "--iterations 2", ""},
    {"svdpp", kVariational, "--svdpp both", "", "--svdpp none"},
    {"likelihood", kVariational, "--likelihood ordinal", ""},
    {"svdpp", kVariational, "--svdpp users", "", "--svdpp items"},
    {"svdpp", kGibbs, "--svdpp both", "", "--svdpp none"},
    {"iterations", "--method gibbs --rank 2 --burn-in 1", "--iterations 4", "", "--iterations 3"},
    {"samples", "--method gibbs --rank 2 --burn-in 1", "--samples 4", "", "--samples 3"},
    {"burn-in", "--method gibbs --rank 2 --samples 4", "--burn-in 1", "", "--burn-in 2"},
    {"keep", "--method gibbs --rank 2 --burn-in 1 --samples 4", "--keep 2", ""},
    {"inner-iterations", kRows, "--inner-iterations 1", ""},
    {"block-rows", "--rank 2 -t 3", "--block-rows 7", ""},
    {"block-cols", "--rank 2 -t 3", "--block-cols 7", ""},
    {"tolerance", "--rank 2", "--tolerance 0.2", ""},
    {"tolerance", "--rank 2 --method full", "--tolerance 0.2", ""},
    {"tolerance", "--rank 2 --method nnmf", "--tolerance 0.2", ""},
    {"tolerance", "--method variational --rank 2", "--tolerance 0.2", ""},
    {"gradient-tolerance", kFull, "--gradient-tolerance 0.9", ""},
    {"early-stop", "--rank 8 " + kOverfitting, "--early-stop 1", "stopping"},
    {"early-stop", "--rank 8 --method full " + kOverfitting, "--early-stop 1", "stopping"},
    {"early-stop", "--rank 8 --method nnmf " + kOverfitting, "--early-stop 1", "stopping"},
    {"early-stop", kFeatures + " --layers 5 --batch-size 64 --step 0.2 -t 20", "--early-stop 0", "stopping"},
    {"time-limit", "--rank 2", "--time-limit 1e-9", "clock"},
    {"time-limit", "--rank 2 --method full", "--time-limit 1e-9", "clock"},
    {"time-limit", "--rank 2 --method nnmf", "--time-limit 1e-9", "clock"},
    {"time-limit", kNetwork, "--time-limit 1e-9", "clock"},
    {"time-limit", kVariational, "--time-limit 1e-9", "clock"},
    {"time-limit", "--method gibbs --rank 3", "--time-limit 1e-9", "clock"},
};

const std::vector<Effect> kNetworks{
    {"users", "--method mlp --items items.csv --layers 5 -t 2 --no-clip", "--users users.csv", "", "--users older.csv"},
    {"items", "--method mlp --users users.csv --layers 5 -t 2 --no-clip", "--items items.csv", "",
     "--items others.csv"},
    {"user-features", kSmallNetwork, "--user-features age:numeric", ""},
    {"item-features", "--method mlp --users users.csv --items years.csv --layers 5 -t 2 --no-clip",
     "--item-features year:numeric", ""},
    {"users", kVariational, "--users users.csv", "", "--users older.csv"},
    {"items", kVariational, "--items items.csv", "", "--items others.csv"},
    {"user-features", kVariational + " --users users.csv", "--user-features age:numeric", ""},
    {"item-features", kVariational + " --items years.csv", "--item-features year:numeric", ""},
    {"users", kGibbs, "--users users.csv", "", "--users older.csv"},
    {"items", kGibbs, "--items items.csv", "", "--items others.csv"},
    {"user-features", kGibbs + " --users users.csv", "--user-features age:numeric", ""},
    {"item-features", kGibbs + " --items years.csv", "--item-features year:numeric", ""},
    {"layers", kNetwork, "--layers 4", ""},
    {"layers", kNetwork, "--layers none", ""},
    {"output-relu", kWild + " --no-clip", "--output-relu", "figures"},
    {"no-output-relu", kWild + " --no-clip --config yes_output-relu", "--no-output-relu", "figures"},
    {"batch-size", kFeatures + " --layers 5 -t 2 --no-clip", "--batch-size 16", ""},
};

// Of the parameters of optimizers and line searches; each also where another method passes it on.
const std::vector<Effect> kParameters{
    {"momentum", full("heavy-ball", "exact"), "--momentum 0.3", ""},
    {"momentum", full("nesterov", "exact"), "--momentum 0.3", ""},
    {"beta1", full("adam", "exact"), "--beta1 0.3", ""},
    {"beta1", "--method blocks --optimizer adam --rank 2 -t 3", "--beta1 0.3", ""},
    {"beta1", kSmallNetwork, "--beta1 0.3", ""},
    {"beta2", full("adam", "exact"), "--beta2 0.3", ""},
    {"decay", full("adagrad", "exact"), "--decay 0.3", ""},
    {"decay", full("rmsprop", "exact"), "--decay 0.3", ""},
    {"epsilon", full("adam", "exact"), "--epsilon 10", ""},
    {"epsilon", full("adagrad", "exact"), "--epsilon 10", ""},
    {"epsilon", full("rmsprop", "exact"), "--epsilon 10", ""},
    {"memory", full("lbfgs", "exact"), "--memory 1", ""},
    {"initial-hessian", full("bfgs", "weak-wolfe"), "--initial-hessian 1", ""},
    {"first-step", full("lbfgs", "armijo"), "--first-step 0.5", ""},
    {"first-step", full("adgd", "constant"), "--first-step 0.5", ""},
    {"step", full("gd", "constant"), "--step 1e-3", ""},
    {"step", full("gd", "decreasing"), "--step 1e-3", ""},
    {"step", kRows + " --line-search constant", "--step 1e-3", ""},
    {"step", kSmallNetwork, "--step 0.1", ""},
    {"c1", full("gd", "armijo") + " --initial-step 1", "--c1 0.99", ""},
    {"c1", full("gd", "weak-wolfe") + " --initial-step 1", "--c1 0.8", ""},
    {"c1", full("gd", "strong-wolfe") + " --initial-step 1", "--c1 0.8", ""},
    {"c2", full("gd", "weak-wolfe") + " --initial-step 1e-3", "--c2 0.1", ""},
    {"c2", full("gd", "strong-wolfe") + " --initial-step 1", "--c2 0.01", ""},
    {"backtrack", full("gd", "lipschitz") + " --initial-step 1", "--backtrack 0.7", ""},
    {"backtrack", full("gd", "armijo") + " --initial-step 1", "--backtrack 0.7", ""},
    {"backtrack", full("gd", "strong-wolfe") + " --initial-step 1", "--backtrack 0.7", ""},
    {"max-trials", full("gd", "lipschitz") + " --initial-step 1", "--max-trials 2", ""},
    {"max-trials", full("gd", "armijo") + " --initial-step 1", "--max-trials 2", ""},
    {"max-trials", full("gd", "weak-wolfe") + " --initial-step 1", "--max-trials 2", ""},
    {"max-trials", full("gd", "strong-wolfe") + " --initial-step 1", "--max-trials 2", ""},
    {"max-trials", kFeatures + " --layers 5 -t 3 --batch-size 0 --no-clip --line-search exact", "--max-trials 1", ""},
    {"min-step", full("gd", "lipschitz") + " --initial-step 1", "--min-step 0.2", ""},
    {"min-step", full("gd", "armijo") + " --initial-step 1", "--min-step 0.2", ""},
    {"min-step", full("gd", "strong-wolfe") + " --initial-step 1", "--min-step 0.2", ""},
    {"initial-step", full("gd", "lipschitz"), "--initial-step 1", ""},
    {"initial-step", full("gd", "armijo"), "--initial-step 0.0007", ""},
    {"initial-step", full("gd", "weak-wolfe"), "--initial-step 0.0007", ""},
    {"initial-step", full("gd", "strong-wolfe"), "--initial-step 0.0007", ""},
    {"growth", full("gd", "lipschitz"), "--growth 4", ""},
    {"growth", full("gd", "armijo"), "--growth 3", ""},
    {"growth", full("gd", "weak-wolfe"), "--growth 3", ""},
    {"growth", full("gd", "strong-wolfe"), "--growth 3", ""},
};

}  // namespace

std::vector<Effect> method_effects() {
  std::vector<Effect> all;
  for (const auto* some : {&kModel, &kOptimisation, &kNetworks, &kParameters}) {
    all.insert(all.end(), some->begin(), some->end());
  }
  return all;
}

}  // namespace odot::test
