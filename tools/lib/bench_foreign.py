"""The section of tools/bench on the library inside a process that is not odot's."""

from bench_runs import busy, cores, median


def foreign(lab):
    """Training by the program and by a process that had OpenMP's runtime before it loaded the library, in turn."""
    from bench_sections import part, seconds  # which lists this section

    ratings, title = lab.ratings
    all_cores = cores()
    rows, data = [], []
    for name, on in (("quiet", []), ("one core busy", all_cores[:1]), ("all cores busy", all_cores)):
        program, process = [], []
        for _ in range(lab.extent.repetitions):
            with busy(on):
                program.append(lab.train(ratings, "--method", "blocks", "--holdout", "0.1").report["seconds"]["train"])
                process.append(lab.bench("bench_foreign", ratings)["train_seconds"])
        ratio = median([own / of_program for own, of_program in zip(process, program)])
        data.append({"situation": name, "program": program, "foreign": process, "ratio": ratio})
        rows.append([name, seconds(median(program)), seconds(median(process)), f"{ratio:.2f}"])
    text = (f"{title}: seconds of training with the defaults, by the program and in a process that had loaded OpenMP's "
            "runtime and run a parallel region before it loaded the library; no environment variable is set.")
    return [part(lab, text, ["machine", "program", "foreign process", "ratio, pair by pair"], rows, data)]
