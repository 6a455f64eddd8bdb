"""What tools/compare-builds runs: the ratings and models that runs begin with, and the runs."""

import csv
import dataclasses
import random
import shlex
import shutil

import declared
from worktrees import ROOT

# A step with which the fixed steps of any optimizer go on for a few iterations on the small ratings.
STEPS = {"constant": "--step 0.0001", "decreasing": "--step 0.0001"}
FEATURES = "--method mlp --users users.csv --items items.csv"
NETWORK = f"{FEATURES} --layers 8,4"

# Files of ratings, and models to go on from, by the commands of the first program that make them.
INPUTS = (
    "synth --users 40 --items 30 --ratings 500 --rank 3 --seed 3 -o small.csv",
    "synth --users 300 --items 200 --ratings 6000 --rank 4 --seed 1 -o r.csv",
    "synth --users 300 --items 200 --ratings 1500 --rank 4 --seed 2 -o other.csv",
    "synth --users 4 --items 9000 --ratings 30000 --seed 4 -o long.csv",
    "synth --users 900 --items 500 --ratings 9000 --noise 0.3 --round 0 --seed 5 -o plain.csv",
    "split r.csv --train train.csv --test test.csv --seed 6",
    "convert r.csv -o r.odr",
    "train train.csv -k 6 -t 8 -o base.m",
    "train train.csv -k 5 -t 8 --no-biases --no-center -o nobias.m",
    "train train.csv -k 5 --method nnmf -t 20 -o base.nnmf",
    f"train small.csv {NETWORK} -t 3 -o base.net",
    "train train.csv --optimizer lbfgs -t 6 --checkpoint base.ck",
    "export base.m --format libmf -o base.libmf",
)


@dataclasses.dataclass(frozen=True)
class Run:
    """Commands that are run one after another in one folder."""
    name: str
    commands: tuple  # of words
    movielens: bool = False


def write_features(path, ids, seed):
    """Features of users or items: a number, a category, and several categories."""
    chance = random.Random(seed)
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", "age", "kind", "tags"])
        for one in range(1, ids + 1):
            tags = [tag for tag in ("war", "love", "fun") if chance.random() < 0.5] or ["none"]
            out.writerow([one, chance.randint(10, 70), chance.choice("abc"), "|".join(tags)])


def write_inputs(folder, movielens, run):
    """Fills the folder; `run` runs a command of the first program in it."""
    shutil.copy(ROOT / "data" / "sample.csv", folder)
    write_features(folder / "users.csv", 40, 1)
    write_features(folder / "items.csv", 30, 2)
    chance = random.Random(3)
    new = [f"n{user},{item},{chance.randint(1, 5)}" for user in range(4) for item in chance.sample(range(1, 190), 8)]
    (folder / "new.csv").write_text("\n".join([*new, "n1,unknown,3", "n9,unknown,2"]) + "\n", encoding="utf-8")
    (folder / "new-items.csv").write_text("".join(f"{line.split(',')[1]},{line.split(',')[0]},{line.split(',')[2]}\n"
                                                  for line in new), encoding="utf-8")
    (folder / "titles.csv").write_text("".join(f"{item},Title {item}\n" for item in range(1, 150)), encoding="utf-8")
    (folder / "only.txt").write_text("3\n5\n8\n13\n21\n34\n", encoding="utf-8")
    (folder / "some-users.txt").write_text("7\n1\n20\n", encoding="utf-8")
    (folder / "odot.conf").write_text("rank = 5\nbiases = no\niterations = 4\nlambda = 3\n", encoding="utf-8")
    for command in INPUTS:
        run(shlex.split(command))
    if movielens is not None:
        shutil.copy(movielens, folder / "ml.data")


def grid(program):
    """Every method with every optimizer and every line search that the program has; what it refuses is compared too."""
    optimizers = declared.words(program, "optimizer")
    for optimizer in optimizers:
        for search in declared.words(program, "line-search"):
            which = f"--optimizer {optimizer} --line-search {search} {STEPS.get(search, '')}"
            adgd = which.replace("--step 0.0001", "--step 1") if optimizer == "adgd" else which
            yield f"full {optimizer} {search}", f"train small.csv -o m --trace t --json -k 4 -t 8 --method full {adgd}"
            yield f"blocks {optimizer} {search}", f"train small.csv -o m --json -k 4 -t 3 --method blocks {adgd}"
            yield f"network {optimizer} {search}", f"train small.csv -o m --json -t 4 {NETWORK} --batch-size 0 {which}"
    for optimizer in optimizers:
        for search in STEPS:
            yield (f"batches {optimizer} {search}",
                   f"train small.csv -o m --trace t --json -t 3 {NETWORK} --batch-size 64 --optimizer {optimizer} "
                   f"--line-search {search}")


def factorizations():
    for name, method, sweeps in (("full", "--method full", 15), ("lbfgs", "--optimizer lbfgs", 12), ("blocks", "--method blocks", 6),
                                 ("bfgs rows", "--method blocks --optimizer bfgs --inner-iterations 2", 3)):
        options = f"{method} -t {sweeps}"
        yield f"{name} default", f"train r.csv -o m --trace t {options}"
        yield f"{name} without biases", f"train r.csv -o m --trace t --json --no-biases --unobserved {options}"
        yield f"{name} plain", f"train r.csv -o m --json --no-biases --no-center --no-clip {options}"
        yield f"{name} holdout", f"train r.csv -o m --trace t --json --holdout 0.2 --seed 7 --early-stop 2 {options}"
        yield f"{name} valid", f"train train.csv --valid test.csv -o m --json --lambda 4 {options}"
        yield f"{name} per rating", f"train r.csv -o m --json --lambda 1 --lambda-per-rating 0.05 {options} -k 9"
        yield f"{name} long rows", f"train long.csv -o m --json -k 3 {options} --threads 3"
        yield f"{name} values", f"train plain.csv -o m --json {options} --threads 1"
        yield f"{name} odr", f"train r.odr -o m --json {options}"
        yield f"{name} init", f"train r.csv --init-model base.m -o m --json {options}"
        yield f"{name} checkpoint", (
            f"train r.csv --checkpoint k --checkpoint-every 2 --holdout 0.1 --json {options}",
            f"train r.csv --resume k --holdout 0.1 --trace t -o m --json {method} -t {2 * sweeps}")
        yield f"{name} config", f"train --dump-config {options} --holdout 0.1 --early-stop 3 --lambda 2"
    yield "nnmf", "train r.csv -o m --trace t --json --method nnmf -t 30"
    yield "nnmf holdout", "train r.csv -o m --json --method nnmf -t 30 --holdout 0.1 --early-stop 3 --no-unobserved"
    yield "nnmf long rows", "train long.csv -o m --json --method nnmf -t 4 --no-unobserved"
    yield "nnmf init", "train r.csv -o m --json --method nnmf -t 4 --init-model base.nnmf"
    yield "nnmf checkpoint", ("train r.csv --method nnmf -t 5 --checkpoint k --json",
                              "train r.csv --method nnmf -t 9 --resume k -o m --json --trace t")
    yield "nnmf config", "train --dump-config --method nnmf"
    yield "variational", "train r.csv -o m --trace t --json --method variational -k 6 -t 6"
    yield "variational holdout", (
        "train r.csv -o m --trace t --json --method variational -k 6 -t 9 --svdpp both --holdout 0.1 --early-stop 2")
    yield "variational long rows", "train long.csv -o m --json --method variational --svdpp both -k 3 -t 3 --threads 3"
    yield "variational checkpoint", (
        "train r.csv --method variational --svdpp users -k 6 -t 3 --checkpoint k --json",
        "train r.csv --method variational --svdpp users -k 6 -t 5 --resume k -o m --json --trace t",
        "predict m test.csv --sd --interval 0.9 -o p", "evaluate m test.csv --json",
        "fold-in m test.csv --update -o folded --json", "recommend m --by upper -o l")
    yield "block rows", "train r.csv -o m --json -t 4 --block-rows 31"
    yield "block cols", "train r.csv -o m --json -t 4 --block-cols 17 --no-biases --no-center"
    yield "gradient tolerance", "train r.csv -o m --json --optimizer lbfgs --gradient-tolerance 0.2"
    yield "default", "train r.csv -o m --trace t --json"
    yield "tolerance", "train r.csv -o m --json --method blocks --tolerance 0.01"
    yield ("resume from a checkpoint of the first program",
           "train train.csv --optimizer lbfgs -t 15 --resume base.ck -o m --trace t --json")
    yield "config file", "train r.csv --config odot.conf --rank 4 -o m --json"
    yield "diverged", "train r.csv --optimizer gd --line-search constant --step 1 -t 30 -o m --keep-diverged --json"
    yield "sample", "train sample.csv --holdout 0.1 --json -o m -t 5"


def networks():
    train = f"train small.csv {NETWORK} -o m"
    yield "network", f"{train} -t 6 --trace t"
    yield "network holdout", f"{train} -t 9 --holdout 0.2 --trace t --early-stop 2 --batch-size 32 --json"
    yield "network columns", f"{train} -t 3 --user-features age:numeric --item-features kind:categorical --json"
    yield "network relu", f"{train} -t 3 --output-relu --no-clip --seed 4 --json"
    yield "network without layers", f"train small.csv {FEATURES} -o m -t 3 --layers none --json"
    yield "network checkpoint", (f"train small.csv {NETWORK} -t 3 --checkpoint k --batch-size 64 --json",
                                 f"{train} -t 6 --resume k --batch-size 64 --trace t --json")
    yield "network config", f"train --dump-config {NETWORK}"
    yield "network evaluate", "evaluate base.net small.csv --json"
    yield "network predict", "predict base.net new.csv -o p --json"
    yield "network info", "info base.net"
    yield "network export", "export base.net --format npy -o x"
    yield "network cv", f"cv small.csv {NETWORK} --folds 3 -t 3 --json"
    yield "network tune", f"tune small.csv {NETWORK} --batch-size 16..64 --trials 3 -t 3 --log l -o m --json"


def searches():
    yield "cv", "cv r.csv --folds 3 --seed 9 -t 5 --json"
    yield "cv text", "cv r.csv --folds 2 --optimizer lbfgs -t 5"
    yield "cv config", "cv r.csv --folds 2 --config odot.conf --json"
    tune = "tune r.csv --rank 2..9 --lambda 0.5..8:log"
    yield "tune", f"{tune} --trials 9 --seed 3 --log l -o m -t 9 --json"
    yield "tune random", f"{tune} --trials 4 --sampler random --no-halving --log l -t 4"
    yield "tune folds", f"{tune} --trials 3 --folds 2 --metric mae --log l -t 4 --json"
    yield "tune valid", "tune train.csv --valid test.csv --biases on,off --rank 4,8 --trials 4 --log l -t 4 --json"
    yield "tune resume", (f"{tune} --trials 3 --log l -t 4", f"{tune} --trials 6 --log l --resume -t 4 --json")
    yield "tune early stop", f"{tune} --trials 3 --early-stop 2 -t 30 --no-halving --log l -o m --json"
    yield "tune config", "tune r.csv --config odot.conf --lambda 1,2,3 --trials 3 --log l --json"
    yield "tune without space", "tune r.csv --trials 3"


def uses(program):
    yield "evaluate", "evaluate base.m test.csv"
    yield "evaluate clip", "evaluate base.m other.csv --no-clip --json"
    yield "evaluate odr", "evaluate base.m r.odr --json"
    yield "evaluate unknown", "evaluate nobias.m new.csv --json"
    yield "evaluate top", "evaluate base.m test.csv --top 5 --exclude train.csv --relevant 4 --json"
    yield "evaluate top text", "evaluate base.nnmf test.csv --top 7"
    yield "predict", "predict base.m new.csv"
    yield "predict file", "predict base.m test.csv --no-clip -o p --json"
    yield "recommend", "recommend base.m -n 7 --exclude train.csv -o p --format csv"
    yield "recommend users", "recommend base.m --user 7 --user 1 --only only.txt --items titles.csv"
    yield "recommend file", "recommend base.nnmf --users some-users.txt --format jsonl --items titles.csv"
    yield "similar", "similar base.m --item 1 --item 2 -n 5 --items titles.csv"
    yield "similar users", "similar base.m --user 3 --metric dot --format csv"
    yield "fold-in", "fold-in base.m new.csv -o m --json"
    yield "fold-in lambda", "fold-in base.m new.csv -o m --lambda 2 --lambda-per-rating 0.1"
    yield "fold-in nnmf", "fold-in base.nnmf new.csv -o m --top 3 --format csv"
    yield "fold-in items", "fold-in base.m new-items.csv --items -o m --json"
    yield "fold-in update", "fold-in base.m test.csv --update -o m --json"
    yield "fold-in known", "fold-in base.m test.csv -o m"
    for form in ("npy", "csv", "libmf"):
        yield f"export {form}", f"export base.m --format {form} -o x"
    yield "import", ("import base.libmf -o m", "info m --json")
    yield "info model", "info base.m"
    yield "info ratings", "info r.csv --json"
    yield "info odr", "info r.odr --json"
    yield "convert", "convert r.csv other.csv --duplicates mean -o o.odr --json"
    yield "split", "split r.csv --train a --test b --fraction 0.3 --seed 4 --json"
    yield "synth", "synth -o s --users 50 --items 40 --ratings 500 --mean 2 --bias 0.2 --factor 0.9 --json"
    yield "synth odr", "synth -o s.odr --users 50 --items 40 --ratings 500 --round 0 --lowest none --seed 2"
    yield "completion", ("completion bash", "completion zsh")
    yield "overview", ("--help", "man", "--version")
    for command in declared.commands(program):
        yield f"help {command}", (f"{command} --help", f"man {command}")
    for name, words in (("unknown option", "train r.csv --rnk 3"), ("unknown command", "trian r.csv"),
                        ("missing file", "train none.csv"), ("same file", "train r.csv -o r.csv"),
                        ("no use", "train r.csv --method nnmf --biases"), ("bad number", "train r.csv --rank 0"),
                        ("checkpoint of another run", "train r.csv --optimizer lbfgs --resume base.ck")):
        yield f"error {name}", words


def movielens():
    yield "default", "train ml.data --holdout 0.1 -o m --trace t --json"
    yield "blocks", "train ml.data --method blocks --holdout 0.1 -o m --trace t --json -t 10"
    yield "without biases", "train ml.data --no-biases --no-center -o m --json -t 5"
    yield "adam", "train ml.data --method full --holdout 0.1 --early-stop 5 -o m --trace t --json -t 30"
    yield "lbfgs", "train ml.data --optimizer lbfgs -k 10 --lambda 5 -o m --json -t 20"
    yield "checkpoint", ("train ml.data --optimizer adam -t 8 --checkpoint k --json",
                         "train ml.data --optimizer adam -t 16 --resume k -o m --json")
    yield "nnmf", "train ml.data --method nnmf -o m --json -t 20"
    yield "cv", "cv ml.data --folds 3 -t 5 --json"
    yield "tune", "tune ml.data --rank 4..16 --trials 3 -t 9 --log l --json"
    yield "use", ("split ml.data --train a --test b", "train a -o m -t 8 -q",
                  "evaluate m b --top 10 --exclude a --relevant 4 --json", "recommend m --exclude a -n 5 --format csv")


def all_runs(program):
    """Every Run, in order, of the commands and algorithms that this program has. All but a few are quiet where that only
    leaves out what is timed."""
    runs = []
    for part in (grid, factorizations, networks, searches, uses, movielens):
        for name, commands in part(program) if part in (grid, uses) else part():
            commands = (commands,) if isinstance(commands, str) else commands
            name = f"movielens {name}" if part is movielens else name
            runs.append(Run(name, tuple(tuple(shlex.split(command)) for command in commands), part is movielens))
    return runs
