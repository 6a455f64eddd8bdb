"""The sections of tools/bench: what each measures, and the tables that show it. A section is a list of parts, each with
a text, perhaps a table (header, rows) of what is read and the figures behind it (data), and the commands."""

import math

from bench_foreign import foreign
from bench_model import bound, lowest, reached, replay
from bench_runs import BenchError, busy, cores, median

KERNELS = {"gradient_by_user": "value + gradient, by user", "gradient_by_item": "value + gradient, by item",
           "line": "line coefficients", "normal_equations_by_user": "normal equations, by user",
           "normal_equations_by_item": "normal equations, by item", "multiplicative_by_user": "multiplicative, by user",
           "multiplicative_by_item": "multiplicative, by item", "prediction": "prediction"}
REPLAYED = (2, 4, 8, 16, 32, 64, 128)
METHODS = {"adam": ["--optimizer", "adam"], "lbfgs": ["--optimizer", "lbfgs", "--line-search", "exact"],
           "newton": ["--method", "blocks", "--optimizer", "newton"], "nnmf": ["--method", "nnmf"]}
TITLES = {"adam": "full, adam", "lbfgs": "full, lbfgs, exact", "newton": "blocks, newton", "nnmf": "nnmf"}


def seconds(value):
    if value is None:
        return "–"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def part(lab, text, header=(), rows=(), data=None):
    return {"text": text, "header": list(header), "rows": [[str(value) for value in row] for row in rows],
            "data": data if data is not None else [], "commands": lab.shown()}


def measured_ceilings(lab):
    """By number of threads: operations and bytes a second by name, and the sizes of the levels. Measured once."""
    if not hasattr(lab, "ceilings"):
        extent = lab.extent
        found = lab.bench("bench_ceilings", f"--most-bytes={extent.most_bytes}",
                          f"--benchmark_min_time={extent.min_time}", f"--benchmark_repetitions={extent.repetitions}",
                          "--benchmark_format=json")
        context = found["context"]
        sizes = {name: int(context[f"{name}_bytes"]) for name in ("L1", "L2", "L3", "memory")}
        ceilings, used = {}, {}
        for run in found["benchmarks"]:
            if run["run_type"] != "iteration":
                continue
            name = "/".join(run["run_name"].split("/")[:2])
            rate = run.get("operations_per_second", run.get("bytes_per_second"))
            of_threads = ceilings.setdefault(run["threads"], {"sizes": sizes})
            of_threads[name] = max(of_threads.get(name, 0), rate)  # what disturbs can only lower it
            used[name] = int(run.get("bytes_of_a_thread", 0))
        precision = "double" if context["real_bytes"] == "8" else "float"
        lab.ceilings = ceilings, used, context["instruction_set"], precision
    return lab.ceilings


def ceilings(lab):
    found, used, instructions, _ = measured_ceilings(lab)
    threads = sorted(found)
    rows = []
    for name in (name for name in found[threads[0]] if name != "sizes"):
        kind, what = name.split("/")
        unit = "GFLOP/s" if kind == "multiply_add" else "GB/s"
        size = f"{used[name] / 1024:,.0f} KiB a thread" if used[name] else ""
        rows.append([f"{'multiply-adds' if kind == 'multiply_add' else 'loads'}, {what}", size,
                     *[f"{found[count][name] / 1e9:.1f} {unit}" for count in threads]])
    return [part(lab, f"The kernels use the instruction set {instructions} of Highway here. A multiply-add is two "
                 "operations. The highest of all repetitions counts.",
                 ["", "read again and again", *[f"threads: {count}" for count in threads]], rows,
                 {str(count): found[count] for count in threads})]


def medians(benchmarks):
    """Google Benchmark's repetitions of each benchmark: the median of real seconds, and the counters."""
    repetitions = {}
    for run in benchmarks:
        if run.get("error_occurred"):
            raise BenchError(f"{run['run_name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            repetitions.setdefault(run["run_name"], []).append(run)
    scale = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}
    for name, runs in repetitions.items():
        kernel, shape, rank, threads = name.split("/")[:4]
        first = runs[0]
        yield {"kernel": kernel, "shape": shape, "rank": int(rank), "threads": int(threads),
               "seconds": median([run["real_time"] * scale[run["time_unit"]] for run in runs]),
               **{key: first[key] for key in ("units", "operations", "bytes", "gathered")}}


def kernels(lab):
    found, _, _, precision = measured_ceilings(lab)
    extent = lab.extent
    answer = lab.bench("bench_kernels", f"--shapes={','.join(extent.shapes)}",
                       f"--ranks={','.join(map(str, extent.ranks))}", f"--benchmark_min_time={extent.min_time}",
                       f"--benchmark_repetitions={extent.repetitions}", "--benchmark_format=json")
    data = list(medians(answer["benchmarks"]))
    for point in data:
        exact = "double" if point["kernel"] == "cholesky" else precision
        least, point["bound"] = bound(point["operations"], point["bytes"], point["gathered"],
                                      found[point["threads"]], exact)
        point["fraction"] = least / point["seconds"]
    parts = [part(lab, cost_model(answer["context"]), data=data)]
    threads = sorted({point["threads"] for point in data})
    for shape in extent.shapes:
        for count in threads:
            chosen = [point for point in data if (point["shape"], point["threads"]) == (shape, count)]
            parts.append(fractions(lab, shape, count, chosen))
    for shape in extent.shapes:
        for count in threads:
            chosen = [point for point in data if (point["shape"], point["threads"]) == (shape, count)]
            rows = [[KERNELS[point["kernel"]], point["rank"], f"{point['seconds'] / point['units'] * 1e9:.2f}",
                     f"{point['operations'] / point['seconds'] / 1e9:.1f}",
                     f"{point['bytes'] / point['seconds'] / 1e9:.1f}", point["bound"], f"{point['fraction']:.0%}"]
                    for kernel in KERNELS for point in chosen if point["kernel"] == kernel]
            parts.append(part(lab, f"**{shape}, threads: {count}**, in full:",
                              ["kernel", "rank", "ns a rating", "GFLOP/s", "GB/s", "bound by", "of the ceiling"], rows))
    return [*parts, *solves(lab, data)]


def cost_model(context):
    lines = ["A kernel takes at least max(operations / multiply-adds a second, bytes / load bandwidth of the nearest "
             "level that all gathered rows fit); *of the ceiling* is that over what it took. Popular rows lie nearer "
             "than the others, so it may exceed 100%. With w elements of R bytes in a row, which is stored in s, and v "
             "bytes of value:", ""]
    lines += [f"- {key.removeprefix('cost_').replace('_', ' ')}: {words}" for key, words in context.items()
              if key.startswith("cost_")]
    return "\n".join(lines)


def fractions(lab, shape, threads, points):
    ranks = sorted({point["rank"] for point in points})
    rows = []
    for kernel, title in KERNELS.items():
        by_rank = {point["rank"]: point for point in points if point["kernel"] == kernel}
        rows.append([title, *[f"{by_rank[rank]['fraction']:.0%} {by_rank[rank]['bound']}, "
                              f"{seconds(by_rank[rank]['seconds'])}" for rank in ranks]])
    return part(lab, f"**{shape}, threads: {threads}**: of the ceiling, what that is, and a pass over all ratings",
                ["kernel", *[f"rank {rank}" for rank in ranks]], rows)


def solves(lab, data):
    """Cholesky's own table, and its share of a sweep that forms and solves the equations of all rows."""
    rows, users_items = [], {"ml-1m": 6040 + 3706, "20m": 138000 + 27000, "small": 600 + 400}
    place = {(point["kernel"], point["shape"], point["rank"], point["threads"]): point for point in data}
    for point in (point for point in data if point["kernel"] == "cholesky"):
        each, shares = point["seconds"] / point["units"], []
        for shape in lab.extent.shapes:
            forming = sum(place[f"normal_equations_by_{by}", shape, point["rank"], point["threads"]]["seconds"]
                          for by in ("user", "item"))
            solving = each * users_items[shape]
            shares.append(f"{solving / (solving + forming):.0%}")
        rows.append([point["rank"], point["threads"], f"{each * 1e6:.2f} µs",
                     f"{point['operations'] / point['seconds'] / 1e9:.1f}", f"{point['fraction']:.0%}", *shares])
    return [part(lab, "Cholesky solves (1024 systems of rank + 1 unknowns in double precision), and what solving one "
                 "for every row would be of forming and solving all:",
                 ["rank", "threads", "a system", "GFLOP/s", "of the ceiling",
                  *[f"share, {shape}" for shape in lab.extent.shapes]], rows)]


def matrix_bytes(lab, ratings):
    """What the matrix takes in memory, in both orientations, with and without codes."""
    known = lab.information(ratings)
    value = 1 if known["distinct_values"] <= 256 else 4
    return known["ratings"] * 2 * (4 + value) + 8 * (known["users"] + known["items"] + 2)


FORMATS = (("csv", "text, ids are numbers"), ("strings", "text, ids are words"), ("mtx", "Matrix Market"),
           ("gz", "text, gzip"), ("zst", "text, zstd"), ("odr", ".odr"))


def loading(lab):
    rows, data, skipped = [], [], []
    plain = lab.large("csv")
    known, text = lab.information(plain), (lab.folder / plain).stat().st_size
    final = matrix_bytes(lab, plain)
    lab.shown()
    for form, title in FORMATS:
        name = lab.large(form)
        if name is None:
            skipped.append(f"{title}: there is no program zstd")
            continue
        size = (lab.folder / name).stat().st_size
        for threads in dict.fromkeys((1, len(cores()))):
            lab.train(name, "-t", "0", "--rank", "1", "--threads", threads)  # now the system has the file in memory
            runs = lab.several(name, "-t", "0", "--rank", "1", "--threads", threads)
            load = median([run.report["seconds"]["load"] for run in runs])
            peak = max(run.report["peak_memory_bytes"] for run in runs)
            data.append({"format": form, "threads": threads, "bytes": size, "load_seconds": load,
                         "peak_memory_bytes": peak, "process_seconds": median([run.seconds for run in runs]),
                         "ratings": known["ratings"], "matrix_bytes": final})
            rates = [f"{amount / load / threads / 1e6:,.0f}" if form != "odr" else "–" for amount in (size, text)]
            rows.append([title, threads, f"{size / 1e6:,.1f}", f"{size / known['ratings']:.2f}", seconds(load),
                         rates[0], rates[1] if form in ("gz", "zst") else "", seconds(data[-1]["process_seconds"]),
                         f"{peak / 2**20:,.0f}", f"{peak / final:.2f}"])
        if form != "csv" and form != "odr":
            (lab.folder / name).unlink()
    text = (f"{known['ratings']:,} ratings of {known['users']:,} users and {known['items']:,} items, with "
            f"{known['distinct_values']} different values. Loading is from opening the file to the matrix in both "
            "orientations (.odr: to where training can begin; its ratings are verified when they are read first). The "
            "process also computes the objective once, at rank 1. The system has the file in memory. Ids that are "
            "words are the same numbers after `user-` and `item-`; gzip has level 6, zstd 3. The matrix alone "
            f"takes {final / 2**20:,.0f} MiB, {final / known['ratings']:.2f} bytes a rating.")
    return [part(lab, " ".join([text, *skipped]),
                 ["format", "threads", "MB", "bytes a rating", "loading", "MB/s a core", "of text, MB/s a core",
                  "whole process", "peak, MiB", "peak over matrix"], rows, data)]


def convergence(lab):
    ratings, title = lab.ratings
    extent, parts = lab.extent, []
    length = {"adam": extent.iterations, "lbfgs": extent.iterations, "newton": max(extent.iterations // 5, 3),
              "nnmf": 2 * extent.iterations}
    runs = {}
    for rank in extent.run_ranks:
        for method, options in METHODS.items():
            runs[method, rank] = lab.several(ratings, "--holdout", "0.1", "--rank", rank, *options, "-t",
                                             length[method], "--tolerance", "0", trace=True)
    best = min(lowest(of[0].trace, "valid_rmse") for of in runs.values())
    targets = ([0.86, 0.85, 0.845] if lab.movielens else
               [math.ceil(best * factor * 1000) / 1000 for factor in (1.05, 1.02, 1.01)])
    rows, data = [], []
    for (method, rank), of in runs.items():
        alike = [other[0] for (name, r), other in runs.items() if r == rank and (name == "nnmf") == (method == "nnmf")]
        target = 1.01 * min(lowest(other.trace, "objective") for other in alike)
        goals = [("objective", target), *(("valid_rmse", value) for value in targets)]
        cells = []
        for key, value in goals:
            # The runs are the same but for their seconds.
            lines = [reached(run.trace, key, value) for run in of]
            point = {"method": method, "rank": rank, "goal": key, "target": value, "reached": lines[0] is not None}
            if lines[0]:
                point |= {"seconds": median([line["seconds"] for line in lines]), "passes": lines[0]["passes"],
                          "iterations": lines[0]["iteration"]}
                cells.append(f"{seconds(point['seconds'])}, {point['passes']} ({point['iterations']})")
            else:
                cells.append("not reached")
            data.append(point)
        first = of[0]
        each = median([run.trace[-1]["seconds"] for run in of]) / max(first.report["iterations"], 1)
        rows.append([TITLES[method], rank, f"{target:.6g}", *cells, f"{lowest(first.trace, 'valid_rmse'):.4f}",
                     seconds(each)])
    parts.append(part(lab, f"{title}, a tenth held out. Seconds of training (without loading and measuring), passes "
                      "over one orientation, and in brackets iterations or sweeps until the objective is within 1% "
                      "of the lowest that any method with the same objective reached (nnmf has its own), and until the "
                      "held-out RMSE is reached.",
                      ["method", "rank", "objective", "to it",
                       *[f"to RMSE {value:.3f}" for value in targets], "lowest RMSE", "an iteration"], rows, data))
    return parts


def threads_section(lab):
    ratings, title = lab.ratings
    counts = list(dict.fromkeys((1, len(cores()))))
    rows, data = [], []
    for method in ("adam", "lbfgs", "newton"):
        taken = []
        for count in counts:
            runs = lab.several(ratings, *METHODS[method], "--rank", lab.extent.run_ranks[0], "-t",
                               lab.extent.iterations // 4, "--tolerance", "0", "--threads", count)
            taken.append(median([run.report["seconds"]["train"] for run in runs]))
            data.append({"method": method, "threads": count, "train_seconds": taken[-1]})
        rows.append([TITLES[method], *map(seconds, taken), f"{taken[0] / taken[-1]:.2f}"])
    parts = [part(lab, f"{title}: seconds of training at rank {lab.extent.run_ranks[0]}.",
                  ["method", *[f"threads: {count}" for count in counts], "times faster"], rows, data)]
    found = lab.bench("bench_chunks", f"--shapes={','.join(lab.extent.shapes)}",
                      f"--ranks={','.join(map(str, lab.extent.chunk_ranks))}",
                      f"--repetitions={3 if lab.extent.repetitions > 1 else 1}")
    rows, data = [], []
    for of in found:
        for course in of["courses"]:
            replays = {count: replay(course["loops"], max(course["outside"], 0), count) for count in REPLAYED}
            serial = max(course["outside"], 0) / course["seconds"]
            chunks = sum(map(len, course["loops"]))
            data.append({"shape": of["shape"], "rank": of["rank"], "course": course["name"], "chunks": chunks,
                         "loops": len(course["loops"]), "seconds": course["seconds"], "serial_fraction": serial,
                         "replays": [{"threads": count, "times_faster": faster, "imbalance": imbalance}
                                     for count, (faster, imbalance) in replays.items()]})
            rows.append([of["shape"], of["rank"], course["name"], chunks, len(course["loops"]),
                         seconds(course["seconds"]), f"{serial:.2%}",
                         *[f"{faster:.1f} ({imbalance:.0%})" for faster, imbalance in replays.values()]])
    text = ("What every chunk takes on one thread, replayed: each parallel loop's chunks in their order, each by the "
            "thread that is free next. Times faster than one thread, and in brackets imbalance: by how much the loops "
            "take longer than if work could be shared out evenly. Serial is all that is outside of chunks of ratings; "
            "of a newton sweep some of that (the solves of rows with very many ratings) runs in parallel in truth. "
            "That threads share caches and memory is not in it.")
    return [*parts, part(lab, text, ["shape", "rank", "", "chunks", "loops", "one thread", "serial",
                                     *[f"{count} threads" for count in REPLAYED]], rows, data)]


def memory(lab):
    rows, data, parts = [], [], []
    small, title = lab.ratings
    for ratings, name in ((small, title), (lab.large("csv"), f"synthetic, {lab.extent.large}")):
        for file in (ratings, lab.converted(ratings)):
            known, final = lab.information(file), matrix_bytes(lab, file)
            for rank in lab.extent.run_ranks:
                for method, options in METHODS.items():
                    run = lab.train(file, *options, "--rank", rank, "-t", 3)
                    peak = run.report["peak_memory_bytes"]
                    width = (rank + (0 if method == "nnmf" else 2) + 7) // 8 * 8
                    factors = (known["users"] + known["items"]) * width * 4
                    kind = "odr" if file.endswith(".odr") else "text"
                    size = (lab.folder / file).stat().st_size
                    data.append({"ratings": known["ratings"], "file": kind, "method": method, "rank": rank,
                                 "peak_memory_bytes": peak, "file_bytes": size, "matrix_bytes": final,
                                 "factor_bytes": factors})
                    rows.append([name, kind, TITLES[method], rank, f"{size / known['ratings']:.2f}",
                                 f"{final / known['ratings']:.2f}", f"{final / 2**20:,.1f}", f"{factors / 2**20:,.1f}",
                                 f"{peak / 2**20:,.1f}", f"{peak / known['ratings']:.1f}"])
    parts.append(part(lab, "The peak of what is resident of whole `odot train` runs of three iterations, loading "
                      "included; from .odr the mapped file counts as far as it is in memory. The matrix is both "
                      "orientations, the factors one vector of them, of which optimizers keep several. Single runs.",
                      ["ratings", "file", "method", "rank", "file, bytes a rating", "matrix, bytes a rating",
                       "matrix, MiB", "factors, MiB", "peak, MiB", "peak, bytes a rating"], rows, data))
    return parts


def shared(lab):
    ratings, title = lab.ratings
    all_cores = cores()
    situations = [("quiet", []), ("one core busy", all_cores[:1]), ("all cores busy", all_cores)]
    words = ["--method", "blocks", "--rank", lab.extent.run_ranks[0], "-t", lab.extent.iterations // 4, "--tolerance", "0"]
    rows, data = [], []
    taken = {name: [] for name, _ in situations}
    for _ in range(lab.extent.repetitions):  # in turn, so that what changes with time touches all alike
        for name, on in situations:
            with busy(on):
                taken[name].append(lab.train(ratings, *words).report["seconds"]["train"])
    quiet = median(taken["quiet"])
    for name, _ in situations:
        value = median(taken[name])
        data.append({"situation": name, "train_seconds": value, "ratio": value / quiet, "runs": taken[name]})
        rows.append([name, seconds(value), f"{min(taken[name]) / quiet:.2f}", f"{value / quiet:.2f}",
                     f"{max(taken[name]) / quiet:.2f}"])
    return [part(lab, f"{title}: seconds of training while processes that never wait are pinned to cores, one each.",
                 ["machine", "training", "over quiet: least", "median", "most"], rows, data)]


# By name: the title, whether it needs the bench programs, and what measures it.
# What bench_eigen measures, beside the same of bench_kernels.
EIGEN = {"eigen_gradient_by_user": "gradient_by_user", "eigen_normal_equations_by_user": "normal_equations_by_user",
         "eigen_cholesky": "cholesky", "columns_by_user": "prediction", "columns_and_steps_by_user": "line"}
EIGEN_TITLES = {"gradient_by_user": "value + gradient, by user", "normal_equations_by_user": "normal equations, by user",
                "cholesky": "Cholesky, 1024 systems"}


def eigen(lab):
    shape, ranks = lab.extent.shapes[0], (8, 16, 32, 64)
    common = (f"--shapes={shape}", f"--benchmark_min_time={lab.extent.min_time}",
              f"--benchmark_repetitions={lab.extent.repetitions}", "--benchmark_format=json")
    data = [*medians(lab.bench("bench_eigen", *common)["benchmarks"]),
            *medians(lab.bench("bench_kernels", f"--ranks={','.join(map(str, ranks))}", "--threads=1",
                               *common)["benchmarks"])]
    taken = {(point["kernel"], point["rank"]): point for point in data}

    def row(title, kernel, units=None):
        """Milliseconds; of Cholesky's systems, of which the two measure other numbers, as many as `units`."""
        points = [taken[kernel, rank] for rank in ranks if (kernel, rank) in taken]
        return [title, *[f"{point['seconds'] * 1e3 * (units / point['units'] if units else 1):.3g}" for point in points]]

    rows, loads = [], []
    for theirs, ours in EIGEN.items():
        if theirs.startswith("columns"):
            loads += [row(f"{ours}'s columns added up alone", theirs), row(f"odot: {ours}", ours)]
            continue
        units = 1024 if ours == "cholesky" else None
        rows += [row(f"{EIGEN_TITLES[ours]}: Eigen", theirs, units), row(f"{EIGEN_TITLES[ours]}: odot", ours, units)]
    header = ["", *[f"rank {rank}" for rank in ranks if ("gradient_by_user", rank) in taken]]
    return [part(lab, f"Milliseconds on one thread, {shape}: Eigen, for which sizes are known when it is compiled, in the "
                 "kernels' place.", header, rows, data),
            part(lab, "Passes that load their columns, add them up and do nothing else, and the kernels that read the "
                 "same columns.", header, loads)]


def recommending(lab):
    shape = lab.extent.shapes[0]
    ranks = lab.extent.run_ranks
    data = list(medians(lab.bench("bench_recommend", f"--shapes={shape}", f"--ranks={','.join(map(str, ranks))}",
                                  f"--benchmark_min_time={lab.extent.min_time}",
                                  f"--benchmark_repetitions={lab.extent.repetitions}",
                                  "--benchmark_format=json")["benchmarks"]))
    rows = []
    for point in data:
        point["rate"] = point["operations"] / point["seconds"]
    for point in data:
        if point["kernel"] != "recommend":
            continue
        same, = [other for other in data if other["kernel"] == "product" and
                 (other["rank"], other["threads"]) == (point["rank"], point["threads"])]
        square, = [other for other in data if other["kernel"] == "square_product" and
                   other["threads"] == point["threads"]]
        rows.append([point["rank"], point["threads"], seconds(point["seconds"]), seconds(same["seconds"]),
                     f"{point['rate'] / 1e9:.1f}", f"{point['rate'] / same['rate']:.0%}",
                     f"{point['rate'] / square['rate']:.0%}"])
    return [part(lab, f"{shape}: the ten best of all items for every user, those they rated left out. Beside it products "
                 "of matrices through Eigen: of the same shape, all scores written to memory, and of two of 2048 × 2048.",
                 ["rank", "threads", "recommending", "product of the same shape", "GFLOP/s of recommending",
                  "of the rate of the same shape", "of the rate of 2048 × 2048"], rows, data)]


SECTIONS = {"ceilings": ("The machine's ceilings", True, ceilings),
            "kernels": ("Kernels", True, kernels),
            "eigen": ("Eigen in the kernels' place", True, eigen),
            "recommending": ("Recommending", True, recommending),
            "loading": ("Loading", False, loading),
            "convergence": ("Convergence", False, convergence),
            "threads": ("Threads", True, threads_section),
            "memory": ("Memory", False, memory),
            "shared": ("A shared machine", False, shared),
            "foreign": ("A foreign process", True, foreign)}
