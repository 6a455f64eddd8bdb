"""Mistakes in the library, by kind: (what is wrong then, file, text, what takes its place)."""

TRAIN = "src/train/train.cpp"
SETTINGS = "include/odot/train/train.hpp"
NETWORK = "src/train/train_mlp.cpp"
CHECKPOINT = "src/train/checkpoint_file.cpp"
SWEEPS = "src/train/sweeps.cpp"
BLOCKS = "src/train/blocks.cpp"
NNMF = "src/train/nnmf.cpp"
FULL = "src/train/full.cpp"
OBSERVER = "src/train/run_observer.cpp"
START = "src/train/start_model.cpp"
FOLD_IN = "src/train/fold_in.cpp"
CHOICE = "src/train/optimizer_choice.cpp"
MINIMIZE = "src/optim/minimize.cpp"
REGISTRY = "src/optim/registry.cpp"
OBJECTIVE = "src/objective/factorization_objective.cpp"
BATCHES = "src/objective/mlp_objective.cpp"
MODEL_FILE = "src/model/model_file.cpp"
MLP_FILE = "src/model/mlp_file.cpp"
EXPORT = "src/model/export.cpp"
LIBMF = "src/model/libmf.cpp"
RANKING = "src/model/ranking.cpp"
BASELINES = "src/model/baselines.cpp"
EVALUATE = "src/model/evaluate.cpp"
HALVING = "src/tune/halving.cpp"
SPACE = "src/tune/space.cpp"

TABLE = {
    "setting not recorded": [
        ("the seed is not recorded", TRAIN, '''  out["seed"] = fmt::format("{}", settings.seed);\n''', ""),
        ("early-stop is not recorded", TRAIN,
         '''  if (settings.early_stop > 0) out["early-stop"] = fmt::format("{}", settings.early_stop);\n''', ""),
        ("gradient-tolerance is not recorded", TRAIN,
         '''    out["gradient-tolerance"] = fmt::format("{}", settings.stop.gradient_tolerance);\n''', ""),
        ("inner-iterations is not recorded", TRAIN,
         '''out["inner-iterations"] = fmt::format("{}", settings.inner_iterations);''', ";"),
        ("block-cols is not recorded", TRAIN,
         '''    if (settings.block_cols) out["block-cols"] = fmt::format("{}", settings.block_cols);\n''', ""),
        ("init-model is not recorded", TRAIN,
         '''  if (settings.init) out["init-model"] = settings.init->checksum;\n''', ""),
        ("lambda-per-rating is not recorded", TRAIN,
         '''  out["lambda-per-rating"] = fmt::format("{}", regularisation.per_rating);\n''', ""),
        ("clip is recorded as center", TRAIN, '''out["clip"] = settings.clip ?''',
         '''out["clip"] = settings.center ?'''),
        ("the pin is not recorded", TRAIN, '''if (model.layout.biases) model.settings["pin"]''',
         '''if (!model.layout.biases) model.settings["pin"]'''),
        ("the network's clip is not recorded", NETWORK, '''  out["clip"] = settings.clip ? "true" : "false";\n''', ""),
        ("the network's batch-size is not recorded", NETWORK,
         '''  out["batch-size"] = fmt::format("{}", settings.batch_size);\n''', ""),
        ("parameters of the line search are not recorded", CHOICE, "  add(line_search, of_line_search);\n", ""),
        ("parameters are recorded with their defaults", CHOICE,
         "given == values.end() ? standard : given->second", "given == values.end() ? standard : standard"),
    ],
    "wrong default": [
        ("rank", SETTINGS, "int rank = 16;", "int rank = 17;"),
        ("tolerance of full", SETTINGS, ".tolerance = 1e-5}", ".tolerance = 1e-6}"),
        ("tolerance of blocks", TRAIN, ".tolerance = 1e-4}", ".tolerance = 1e-5}"),
        ("sweeps of nnmf", TRAIN, "settings.stop.iterations = 500;", "settings.stop.iterations = 400;"),
        ("nnmf does not report unobserved entries", TRAIN, "    settings.unobserved = true;\n", ""),
        ("lambda", TRAIN, "return {6 * deviation,", "return {5 * deviation,"),
        ("lambda of nnmf does not grow with the rank", TRAIN, "2 * std::sqrt(rank) * deviation", "8 * deviation"),
        ("patience of the network", "include/odot/train/train_mlp.hpp", "int early_stop = 3;", "int early_stop = 4;"),
        ("step of the network where the rule has one", NETWORK,
         '''if (has_step) parameters.emplace("step", kMlpStep);''',
         '''if (!has_step) parameters.emplace("step", kMlpStep);'''),
        ("blocks a sweep", BLOCKS, "kRounds = 8;", "kRounds = 4;"),
        ("the partner of adagrad", REGISTRY, '''"steps scaled by the sum of past squared gradients", "exact"''',
         '''"steps scaled by the sum of past squared gradients", "armijo"'''),
    ],
    "identity and state of a resumed run": [
        ("held-out ratings are not of the identity", CHECKPOINT, "checksum(valid)}};",
         "std::to_string(valid.size())}};"),
        ("ids of items are not of the identity", CHECKPOINT, "  add_ids(digest, items);\n", "  (void)items;\n"),
        ("values are not of the identity", CHECKPOINT, "    digest.add_values(values);\n", ""),
        ("features are not of the identity", CHECKPOINT, "  features.add_values(model.items.inputs);\n", ""),
        ("settings that only the checkpoint has are not compared", CHECKPOINT,
         "  for (const auto& [name, value] : others) compare(name, value, kNotSet);\n", ""),
        ("the tolerance may differ", CHECKPOINT, '''{"iterations", "time-limit"}''',
         '''{"iterations", "time-limit", "tolerance"}'''),
        ("the best iterate is not restored", OBSERVER, "    visitor.array(\"theta\", best_.theta);\n", ""),
        ("the best RMSE is not restored", OBSERVER, '''    visitor.number("valid_rmse", best_.valid_rmse);\n''', ""),
        ("the best objective is not restored", OBSERVER, '''    visitor.number("objective", best_.objective);\n''', ""),
        ("the start of sweeps is not restored", SWEEPS, '''    visitor.number("start", start);\n''', ""),
        ("the value before is not restored", SWEEPS, '''    visitor.number("before", before);\n''', ""),
        ("the seconds of sweeps begin anew", SWEEPS, "if (visitor.restores()) earlier_seconds = so_far;",
         "if (visitor.restores()) earlier_seconds = 0;"),
        ("the tracked value of blocks is not restored", BLOCKS, '''    visitor.number("tracked_value", value_);\n''',
         ""),
        ("passes of blocks begin anew", BLOCKS, '''    visitor.integer("passes", passes_);\n''', ""),
        ("the work of rows begins anew", BLOCKS, "if (visitor.restores()) earlier_work_ = all;", ""),
        ("passes of nnmf begin anew", NNMF, '''{ visitor.integer("passes", passes_); }''', "{ (void)visitor; }"),
        ("passes of full begin anew", OBJECTIVE, '''  visitor.integer("passes", passes_);\n''', ""),
        ("the direction is not restored", MINIMIZE,
         '''    visitor.in("direction", [&] { direction_.visit(visitor); });\n''', ""),
        ("the rule is not restored", MINIMIZE, '''    visitor.in("rule", [&] { rule_.visit(visitor); });\n''', ""),
        ("the gradient at the start is not restored", MINIMIZE,
         '''    visitor.number("start_gradient_norm", start_gradient_norm_);\n''', ""),
        ("restarts are not restored", MINIMIZE, '''    visitor.integer("restarts", restarts);\n''', ""),
        ("a power of adam is not restored", "src/optim/directions/adam.hpp",
         '''    visitor.number("beta2_power", beta2_power_);\n''', ""),
        ("the strong Wolfe rule's warm start is not restored", "src/optim/rules/wolfe.hpp",
         '''  void visit(StateVisitor& visitor) override { first_.visit(visitor); }

 private:
  bool too_short''', ''' private:
  bool too_short'''),
        ("the network's sum of an epoch is not restored", NETWORK, '''      visitor.number("sum", sum_);\n''', ""),
        ("the order of an epoch is not restored", BATCHES,
         "if (visitor.restores() && next_ > 0 && !order_.empty()) shuffle();", ""),
        ("the network's ratings read begin anew", BATCHES, '''  visitor.integer("ratings_read", ratings_read_);\n''',
         ""),
        ("a resumed iteration is traced again", OBSERVER, "if (point.resumed) {",
         "if (point.resumed && patience_ > 0) {"),
    ],
    "early stopping": [
        ("one iteration later", OBSERVER, "iteration - best_.iteration >= patience_",
         "iteration - best_.iteration > patience_"),
        ("an equal RMSE is better", OBSERVER, "< best_.valid_rmse) {", "<= best_.valid_rmse) {"),
        ("the last iterate stays", TRAIN, "    model.theta = std::move(best->theta);\n", ""),
        ("the report has the last iterate's objective", TRAIN, "    report.optimisation.value = best->objective;\n",
         ""),
        ("the report has the last iterate's gradient", TRAIN,
         "    report.optimisation.gradient_norm = best->gradient_norm;\n", ""),
        ("the network keeps the last weights", NETWORK, "    model.theta = std::move(best->theta);\n", ""),
        ("the network's report has no best epoch", NETWORK, "    report.best_iteration = best->iteration;\n", ""),
    ],
    "training": [
        ("the items have the users' penalty", TRAIN,
         "return {task.regularisation.lambda, task.regularisation.per_rating, task.layout.item_pin()};",
         "return {task.regularisation.lambda, task.regularisation.per_rating, task.layout.user_pin()};"),
        ("full: the items' penalty has no part per rating", OBJECTIVE,
         "item_penalty_{lambda, lambda_per_rating, layout.item_pin()}", "item_penalty_{lambda, 0, layout.item_pin()}"),
        ("block sizes follow the other side", BLOCKS, "share(settings.block_cols, users, items)",
         "share(settings.block_cols, items, users)"),
        ("held-out ratings are measured unclipped", TRAIN,
         "report.valid = evaluate(model.view(), valid, settings.clip);",
         "report.valid = evaluate(model.view(), valid, false);"),
        ("unknown users have no bias to stand in", TRAIN, "  set_fallbacks(model, matrix, settings.center);\n", ""),
        ("the fallback of users is the items'", TRAIN, "model.fallback_user_bias = model.unknown_mean - of_items;",
         "model.fallback_user_bias = model.unknown_mean - of_users;"),
        ("init-model's biases do not move with the mean", START, "const double half_shift = (model.mean - mean) / 2;",
         "const double half_shift = 0 * (model.mean - mean) / 2;"),
        ("nnmf starts from a model with a mean", START, "model.layout.biases || model.mean != 0 || !negative.empty()",
         "model.layout.biases || !negative.empty()"),
        ("the network's mini-batches are in the order of the file", BATCHES, "std::swap(order_[k], order_[any]);",
         "(void)any;"),
        ("the network's objective is in units of the scale", NETWORK, "model_.scale * model_.scale;", "1;"),
        ("the network's unknown item is a known one", NETWORK, "if (out.item[k] != kUnknown) out.item[k] =",
         "if (out.user[k] != kUnknown && out.item[k] != kUnknown) out.item[k] ="),
        ("the time limit is not kept", SWEEPS,
         "    if (stop.seconds > 0 && seconds() >= stop.seconds) return StopReason::time;\n",
         ""),
        ("a diverged sweep stays", SWEEPS, "      copy(last, theta);\n", ""),
        ("the tolerance is absolute", MINIMIZE, "<= tolerance * std::abs(before);", "<= tolerance;"),
    ],
    "folding in": [
        ("nnmf's users have negative factors", FOLD_IN, "{.non_negative = non_negative}",
         "{.non_negative = false && non_negative}"),
        ("the mean is not subtracted", FOLD_IN, "  wanted.ratings.subtract(model.mean);\n", ""),
        ("the number of users folded in is not added up", FOLD_IN, "earlier + static_cast<double>(users.size())",
         "0 * earlier + static_cast<double>(users.size())"),
        ("lambda-per-rating of training is not used", FOLD_IN,
         '''number_setting(model, "lambda-per-rating").value_or(0)}''', "0}"),
        ("known users are replaced without --update", FOLD_IN, "if (!settings.update) check_new",
         "if (settings.update) check_new"),
    ],
    "model files and exchange": [
        ("the file swaps the fallbacks", MODEL_FILE,
         '''{"fallback_user_bias", &PredictionConstants::fallback_user_bias}''',
         '''{"fallback_user_bias", &PredictionConstants::fallback_item_bias}'''),
        ("the mean of unknown pairs is not read", MODEL_FILE,
         '''    {"unknown_mean", &PredictionConstants::unknown_mean},\n''',
         ""),
        ("a network's highest rating is the lowest", MLP_FILE, '''model.highest = file.number<double>("highest");''',
         '''model.highest = file.number<double>("lowest");'''),
        ("a network's unknown user has its first feature everywhere", MLP_FILE, "side.unknown.data(), width, 1));",
         "side.unknown.data(), width, 0));"),
        ("npy: the wrong ids", EXPORT, '''write_id_lines(item_ids(model), output.add("item_ids.txt"))''',
         '''write_id_lines(user_ids(model), output.add("item_ids.txt"))'''),
        ("csv: no metadata", EXPORT, '''  write_metadata(parts_of(model), output.add("metadata.json"));
  output.commit();
}

}''', '''  output.commit();
}

}'''),
        ("csv: the items' bias is of the users' column", EXPORT, "theta + layout.item_row(0), layout.item_bias()}",
         "theta + layout.item_row(0), layout.user_bias()}"),
        ("libmf: an imported model is clipped", LIBMF, '''{{"clip", "false"}, ''', '''{{"clip", "true"}, '''),
        ("libmf: the constant is lost", LIBMF, "model.unknown_mean = header.constant;", "model.unknown_mean = 0;"),
    ],
    "measures": [
        ("MAE is RMSE", EVALUATE, "result.mae = absolutes / count;", "result.mae = std::sqrt(squares / count);"),
        ("NDCG without its ideal", RANKING, "gain / ideal,", "gain,"),
        ("AUC counts equal scores whole", RANKING, "static_cast<double>(equal) / 2", "static_cast<double>(equal)"),
        ("the shrinkages of biases are swapped", BASELINES, "items[train.item[k]].shrunk(kItemShrinkage)",
         "items[train.item[k]].shrunk(kUserShrinkage)"),
        ("unknown items are not counted", EVALUATE, "    result.unknown_items += part.unknown_items;\n", ""),
    ],
    "searching": [
        ("a rung promotes what has no figure", HALVING, "entries[k].promoted || !std::isfinite(entries[k].value)",
         "entries[k].promoted"),
        ("the first rung has all iterations", HALVING, "for (std::size_t k = rung + 1; k < rungs; ++k) top",
         "for (std::size_t k = rung + 2; k < rungs; ++k) top"),
        ("whole numbers never reach the upper bound", SPACE, "integer ? high + 1 : high;", "high;"),
        ("powers of two go beyond the range", SPACE, "if (std::ldexp(1, power) >= dimension.low) dimension",
         "dimension"),
    ],
}
