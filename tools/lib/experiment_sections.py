"""The experiments of the document, for tools/experiments: what each runs, and how the report shows it."""

import dataclasses
import functools
import math

import plotting
from experiment_runs import Candidate, Chosen, choose, mean_rmse, replaced

# For each optimizer the parameters to choose among, as (key, words, options).
METHODS = {
    "gd": [("", "", [])],
    "heavy-ball": [(f"beta-{x}", f"β {x}", ["--momentum", x]) for x in ("0.9", "0.5", "0.95")],
    "nesterov": [(f"beta-{x}", f"β {x}", ["--momentum", x]) for x in ("0.9", "0.5", "0.95")],
    "rmsprop": [(f"alpha-{x}", f"α {x}", ["--decay", x]) for x in ("0.99", "0.9", "0.999")],
    "adagrad": [("", "", [])],
    "adam": [(f"beta2-{x}", f"β₂ {x}", ["--beta2", x]) for x in ("0.999", "0.99")],
}
TITLES = {"gd": "Gradient descent", "heavy-ball": "Heavy ball", "nesterov": "Nesterov", "rmsprop": "RMSprop",
          "adagrad": "AdaGrad", "adam": "Adam"}
BLOCK_SOLVERS = ("gd", "heavy-ball", "adam", "bfgs", "lbfgs")
BLOCK_SEARCHES = ("lipschitz", "armijo", "weak-wolfe", "exact")
# Problem (4) of the document: no mean, no biases.
PLAIN = ["--no-center", "--no-biases"]
RANK, LAMBDA = "10", "2"


@dataclasses.dataclass(frozen=True)
class Extent:
    """How much is run."""
    iterations: str = "500"
    sweeps: str = "60"
    epochs: str = "50"
    factors: tuple = (1.0, 0.1, 0.3, 3.0, 10.0, 30.0, 100.0)  # times the step that --step auto takes
    variants: int = 3
    inner: tuple = ("1", "5")
    lambdas: tuple = ("1", "2", "4", "8", "16", "32")
    ranks: tuple = ("5", "10", "20")
    grid_lambdas: tuple = ("0.5", "1", "2", "4", "8")


QUICK = Extent("12", "3", "2", (1.0, 3.0), 1, ("1",), ("2", "8"), ("5", "10"), ("1", "2"))


class Lab:
    """The runs behind the sections: each made when first asked for, with a study or a plan."""

    def __init__(self, study, extent, features, searches):
        self.study, self.extent, self.features, self.searches = study, extent, features, searches

    def problem(self, rank=RANK, penalty=LAMBDA):
        return ["--rank", rank, "--lambda", penalty, *PLAIN, "--tolerance", "0"]

    def steps(self, name, key, words, options):
        """Candidates with steps on a grid around the one that odot takes by itself."""
        auto = options + ["--step", "auto"]
        run = self.study.run(f"{name}-{key}step-x1", auto)
        step = run.trace["step"][1] if run.trace is not None and len(run.trace["step"]) > 1 else math.nan
        for factor in self.extent.factors:
            if factor == 1.0:
                said = "auto" if math.isnan(step) else f"{step:.2e}, auto"
                yield Candidate(f"{key}step-x1", f"{words}step {said}", auto)
            elif not math.isnan(step):
                yield Candidate(f"{key}step-x{factor:g}", f"{words}step {factor * step:.2e}",
                                options + ["--step", f"{factor * step:.2e}"])

    @functools.cache
    def pair(self, method, search):
        """One optimizer with one step strategy, on the document's problem."""
        name = f"{method}-{search}"
        candidates = []
        for key, words, parameters in METHODS[method][:self.extent.variants]:
            options = [*self.problem(), "--optimizer", method, "--line-search", search, *parameters,
                       "-t", self.extent.iterations]
            if search in ("constant", "decreasing"):
                candidates += self.steps(name, key and f"{key}-", words and f"{words}, ", options)
            else:
                candidates.append(Candidate(key, words, options))
        return choose(self.study, name, search, candidates)

    @functools.cache
    def best_pair(self, method):
        pairs = [self.pair(method, search) for search in self.searches]
        chosen = best(pairs)
        return chosen and retitled(chosen, f"{method}, {chosen.title}")

    def over_lambda(self, name, title, chosen, length):
        """What was chosen, again with λ chosen too."""
        if chosen is None:
            return Chosen(title, [])
        options = replaced(chosen.options, "-t", length)
        return choose(self.study, name, title, [
            Candidate(f"lambda-{x}", ", ".join(filter(None, [chosen.words, f"λ {x}"])),
                      replaced(options, "--lambda", x)) for x in self.extent.lambdas])

    @functools.cache
    def tuned(self, method):
        chosen = self.best_pair(method)
        title = chosen.title if chosen else method
        return self.over_lambda(f"{method}-tuned", title, chosen, self.extent.iterations)

    @functools.cache
    def ranks_and_lambdas(self):
        return {(rank, penalty): self.study.run(f"best-model-rank-{rank}-lambda-{penalty}", [
            *self.problem(rank, penalty), "--optimizer", "gd", "--line-search", "lipschitz",
            "-t", self.extent.iterations])
            for rank in self.extent.ranks for penalty in self.extent.grid_lambdas}

    @functools.cache
    def blocks(self, solver, search):
        options = ["--method", "blocks", *self.problem(), "--optimizer", solver]
        if search is None:
            candidates = [Candidate("", "", options + ["-t", self.extent.sweeps])]
        else:
            candidates = [Candidate(f"inner-{x}", f"{x} inner", [
                *options, "--line-search", search, "--inner-iterations", x, "-t", self.extent.sweeps])
                for x in self.extent.inner]
        title = solver if search is None else f"{solver}, {search}"
        return choose(self.study, f"blocks-{title.replace(', ', '-')}", title, candidates)

    @functools.cache
    def all_blocks(self):
        """By solver, its line searches."""
        return {"newton": [self.blocks("newton", None)]} | {
            solver: [self.blocks(solver, search) for search in BLOCK_SEARCHES] for solver in BLOCK_SOLVERS}

    @functools.cache
    def tuned_blocks(self):
        chosen = best([pair for pairs in self.all_blocks().values() for pair in pairs])
        title = chosen.title if chosen else "blocks"
        return self.over_lambda("blocks-tuned", title, chosen, self.extent.sweeps)

    @functools.cache
    def nnmf(self, tuned):
        options = ["--method", "nnmf", "--rank", RANK, "--tolerance", "0", "-t", self.extent.iterations]
        name, title, penalties = "nnmf", "λ = 0, as in (11)", ("0",)
        if tuned:
            name, title, penalties = "nnmf-tuned", "λ chosen", self.extent.lambdas
        return choose(self.study, name, title, [
            Candidate(f"lambda-{x}", f"λ {x}", options + ["--lambda", x]) for x in penalties])

    @functools.cache
    def unobserved(self):
        """The document's best model once more, looking at the entries that nobody has rated."""
        chosen = self.pair("gd", "lipschitz")
        return chosen.final and self.study.run("best-model-unobserved", chosen.options + ["--unobserved"])

    @functools.cache
    def network(self, relu):
        """Early stopping chooses the epoch on validation by itself, so that one run is all."""
        name = "network-relu" if relu else "network"
        users, items = self.features
        run = self.study.run(name, [
            "--method", "mlp", "--users", users, "--items", items, "-t", self.extent.epochs,
            "--output-relu" if relu else "--no-output-relu"], test=True)
        title = "ReLU after the last layer" if relu else "no ReLU after the last layer"
        return Chosen(title, [run], "", None, run if run.best() is not None else None, run)

    @functools.cache
    def defaults(self, *options):
        run = self.study.run("-".join(["odot-defaults", *options[1:]]), [*options], test=True)
        return Chosen("odot's defaults", [run], "", [], run if run.best() is not None else None, run)


def best(chosen):
    able = [one for one in chosen if one.run is not None]
    return min(able, key=lambda one: one.run.at_best("valid_rmse")) if able else None


def retitled(chosen, title):
    return dataclasses.replace(chosen, title=title)


def rmse(value):
    return "–" if value is None or math.isnan(value) else f"{value:.4f}"


def row(chosen):
    """Cells: title, what was chosen, when it was best, validation, test, passes, seconds."""
    if chosen.complaint():
        return [chosen.title, chosen.complaint(), "", "", "", "", ""]
    final = chosen.final
    return [chosen.title, chosen.words or "–", f"{final.at_best('iteration'):.0f}",
            rmse(final.report["valid_rmse"]), rmse(final.test["rmse"]),
            str(final.report["passes"]), f"{final.report['seconds']['train']:.2f}"]


def columns(title, iteration):
    return [title, "chosen on validation", f"best {iteration}", "validation RMSE", "test RMSE", "passes",
            "seconds"]


def figure(page, name, chosen, x_keys, **options):
    """Curves of what was chosen, over the whole length that was tried."""
    drawn = [(one.run.trace, one.title) for one in chosen if one is not None and one.run is not None]
    if not drawn:
        page.text("No run of this came to a result, so there is no figure.")
        return
    # All runs start high, and some swing higher for a while: that must not squeeze what tells them apart.
    ends = [one.run.at_best("valid_rmse") for one in chosen if one is not None and one.run is not None]
    start = max(filter(math.isfinite, (trace["valid_rmse"][0] for trace, _ in drawn)), default=max(ends))
    top = max(ends) + 0.2 * max(start - min(ends), 0.1 * min(ends))
    options = {"series": ("objective", "valid_rmse"), "top": top} | options
    traces, labels = zip(*drawn)
    page.figure(name, plotting.draw(traces, labels, x_keys, **options))


def method_section(method):
    def collect(lab):
        return [lab.pair(method, search) for search in lab.searches]

    def write(page, pairs):
        figure(page, method, pairs, ["iteration"])
        page.table(columns("step strategy", "iteration"), [row(pair) for pair in pairs])
    return TITLES[method], collect, write


def collect_comparison(lab):
    return [(method, lab.best_pair(method), lab.tuned(method)) for method in METHODS]


def write_comparison(page, methods):
    page.text("The best strategy of each optimizer on validation, λ = 2 as above.")
    figure(page, "comparison", [pair for _, pair, _ in methods], list(plotting.X_LABELS))
    header = columns("optimizer, strategy", "iteration")
    page.table(header, [row(pair or Chosen(method, [])) for method, pair, _ in methods])
    page.text("The same with λ chosen too:")
    page.table(header, [row(tuned) for _, _, tuned in methods])


def collect_best_model(lab):
    return lab.pair("gd", "lipschitz"), lab.ranks_and_lambdas()


def write_best_model(page, data):
    chosen, grid = data
    chosen = retitled(chosen, "gd, lipschitz")
    page.text("Rank 10, gradient descent, the estimate of 1/L, λ = 2: the document's best model, RMSE 0.86.")
    figure(page, "best-model", [chosen], list(plotting.X_LABELS),
           series=("objective", "train_rmse", "valid_rmse"))
    page.table(columns("model", "iteration"), [row(chosen)])
    page.text("Best validation RMSE for other ranks and λ:")
    ranks, penalties = ([*dict.fromkeys(key[side] for key in grid)] for side in (0, 1))
    page.table(["rank", *(f"λ = {penalty}" for penalty in penalties)], [
        [rank, *(rmse(grid[rank, penalty].at_best("valid_rmse")) for penalty in penalties)]
        for rank in ranks])


def collect_blocks(lab):
    return lab.all_blocks(), lab.tuned_blocks()


def write_blocks(page, data):
    solvers, tuned = data
    page.text("Rows and columns updated one after another (`--method blocks`), λ = 2; for each solver the "
              "line search that is best on validation.")
    figure(page, "blocks", [best(pairs) for pairs in solvers.values()], list(plotting.X_LABELS),
           iteration="sweep")
    header = columns("solver, line search", "sweep")
    page.table(header, [row(pair) for pairs in solvers.values() for pair in pairs])
    page.text("The best of them with λ chosen too:")
    page.table(header, [row(tuned)])


def collect_nnmf(lab):
    return lab.nnmf(False), lab.nnmf(True), lab.pair("gd", "lipschitz"), lab.unobserved()


def write_nnmf(page, data):
    plain, tuned, full, unobserved = data
    named = [plain, tuned, retitled(full, "full method: gd, lipschitz, λ = 2")]
    page.text("Multiplicative updates of non-negative factors, rank 10, beside the document's best model.")
    figure(page, "nnmf", named, list(plotting.X_LABELS))
    page.table(columns("model", "iteration"), [row(one) for one in named])
    page.text("What the models predict for the entries that nobody has rated:")
    reports = [plain.final and plain.final.report, tuned.final and tuned.final.report,
               unobserved and unobserved.report]
    page.table(["model", "below the lowest rating", "within 0.5 of 1"], [
        [one.title, *(share(report, key) for key in ("unobserved_below_lowest", "unobserved_near_one"))]
        for one, report in zip(named, reports)])


def share(report, key):
    value = report.get(key) if report else None
    return "–" if value is None else f"{100 * value:.2f} %"


def collect_network(lab):
    return lab.features and [lab.network(False), lab.network(True)]


def write_network(page, networks):
    if networks is None:
        page.text("Skipped: it needs the features of users and items, by `--users FILE` and `--items FILE`, "
                  "or as users.dat and movies.dat beside the ratings.")
        return
    page.text("The document's network on the features of users and items, with early stopping on validation.")
    figure(page, "network", networks, ["iteration", "seconds"], iteration="epoch",
           series=("train_rmse", "valid_rmse"))
    study = page.study
    mean = ["always the mean", "–", "–", rmse(mean_rmse(study.folder, study.train, study.valid)),
            rmse(mean_rmse(study.folder, study.train, study.test)), "–", "–"]
    page.table(columns("model", "epoch"), [*(row(network) for network in networks), mean])


def collect_overall(lab):
    pair = best([lab.best_pair(method) for method in METHODS if lab.best_pair(method)])
    tuned = best([lab.tuned(method) for method in METHODS])
    blocks = best([pair for pairs in lab.all_blocks().values() for pair in pairs])
    rows = [("Gradient descent, the document's best model", "0.86", lab.pair("gd", "lipschitz")),
            ("Best optimizer and strategy, λ = 2", "", pair),
            ("Best optimizer and strategy, λ chosen", "", tuned),
            ("Vector gradient descent, best solver, λ = 2", "", blocks),
            ("Vector gradient descent, best solver, λ chosen", "", lab.tuned_blocks()),
            ("NNMF, λ = 0", "", lab.nnmf(False)),
            ("NNMF, λ chosen", "", lab.nnmf(True))]
    if lab.features:
        rows += [("Neural network, no ReLU after the last layer", "1.05 (loss 1.1)", lab.network(False)),
                 ("Neural network, ReLU after every layer", "1.05 (loss 1.1)", lab.network(True))]
    return rows + [("odot's vector gradient descent, all else at its default", "", lab.defaults("--method", "blocks")),
                   ("odot's defaults", "", lab.defaults())]


def write_overall(page, rows):
    cells, commands = [], []
    for title, document, chosen in rows:
        chosen = chosen or Chosen(title, [])
        if chosen.complaint():
            cells.append(["", title, document, chosen.complaint(), "", ""])
            continue
        commands.append(f"{len(commands) + 1}. `{chosen.final.shown()}`")
        cells.append([str(len(commands)), title, document, rmse(chosen.final.report["valid_rmse"]),
                      rmse(chosen.final.test["rmse"]), f"{chosen.final.report['seconds']['train']:.2f}"])
    study = page.study
    cells.append(["", "Always the mean", "", rmse(mean_rmse(study.folder, study.train, study.valid)),
                  rmse(mean_rmse(study.folder, study.train, study.test)), ""])
    page.table(["", "approach", "document", "validation RMSE", "test RMSE", "seconds of training"], cells)
    page.text(f"The commands, each followed by `odot evaluate model.safetensors {study.test}`:")
    page.text("\n".join(commands))


SECTIONS = {method: method_section(method) for method in METHODS} | {
    "comparison": ("Comparison", collect_comparison, write_comparison),
    "best-model": ("Best model", collect_best_model, write_best_model),
    "blocks": ("Vector gradient descent", collect_blocks, write_blocks),
    "nnmf": ("Non-negative factors", collect_nnmf, write_nnmf),
    "network": ("Neural network", collect_network, write_network),
    "overall": ("Overall results", collect_overall, write_overall),
}
