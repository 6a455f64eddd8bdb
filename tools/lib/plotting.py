"""Reads traces that `odot train --trace FILE` wrote and draws them, for tools/plot and tools/experiments."""

import io
import json
import math
import os
import tempfile

X_LABELS = {"iteration": "iteration", "passes": "passes over the ratings", "seconds": "seconds"}
REQUIRED = ("iteration", "objective")
OPTIONAL = ("passes", "seconds", "train_rmse", "valid_rmse", "step")


class TraceError(Exception):
    """A trace that cannot be drawn; the message says file, line and reason."""


def number(record, key, where):
    """record[key] as a float; NaN, for no point, where it is null or may be missing."""
    if key in REQUIRED and key not in record:
        raise TraceError(f"{where}: no \"{key}\" in this line; is it a file that odot train --trace wrote?")
    value = record.get(key)
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TraceError(f"{where}: \"{key}\" is {json.dumps(value)}, expected a number")
    return float(value) if math.isfinite(value) else math.nan


def read_trace(path):
    """The columns of a trace, each a list with one number a line; NaN where the trace has none."""
    columns = {key: [] for key in REQUIRED + OPTIONAL}
    try:
        with open(path, encoding="utf-8") as lines:
            for count, line in enumerate(lines, start=1):
                where = f"{path}:{count}"
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except json.JSONDecodeError as error:
                    found = f"{error.msg} at column {error.colno}"
                    raise TraceError(f"{where}: not a JSON object ({found})") from None
                if not isinstance(record, dict):
                    raise TraceError(f"{where}: not a JSON object")
                for key, column in columns.items():
                    column.append(number(record, key, where))
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TraceError(f"{path}: not a text file") from None
    if not columns["iteration"]:
        raise TraceError(f"{path}: nothing in it, expected one JSON object a line")
    return columns


def has(trace, key):
    return any(not math.isnan(value) for value in trace[key])


def wants_log(traces):
    """True where the objective is positive and spans over a decade: a linear axis would hide its tail."""
    values = [value for trace in traces for value in trace["objective"] if not math.isnan(value)]
    return bool(values) and min(values) > 0 and max(values) > 10 * min(values)


def plot_series(axis, trace, x_key, key, **style):
    """One line through the points that have a number: held-out RMSE need not be known at every iteration."""
    points = [(x, y) for x, y in zip(trace[x_key], trace[key]) if not math.isnan(x) and not math.isnan(y)]
    # A single point would be invisible as a line.
    axis.plot(*zip(*points) if points else ([], []), marker="." if len(points) == 1 else "", **style)


def draw(traces, labels, x_keys, series=("objective", "train_rmse", "valid_rmse"), iteration="iteration",
         top=None):
    """A figure with a panel for the objective and one for the RMSE, of whichever `series` there are, against
    each of x_keys. `iteration` names that axis (sweep, epoch); `top` ends the RMSE axis, where given."""
    # Late, so that wrong usage is told at once; without a display.
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    drawn = {key for key in series if any(has(trace, key) for trace in traces)}
    rmse = [(key, line, label) for key, line, label in (("train_rmse", "--", "training"),
                                                        ("valid_rmse", "-", "held out")) if key in drawn]
    panels = (["objective"] if "objective" in series or not rmse else []) + (["RMSE"] if rmse else [])
    # One horizontal axis: panels side by side. Several: a row of them for each panel.
    if len(x_keys) == 1:
        rows, columns, size = 1, len(panels), (6 if len(panels) == 1 else 11, 4.2)
    else:
        rows, columns, size = len(panels), len(x_keys), (4.2 * len(x_keys), 3.7 * len(panels))
    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained",
                                   sharey="none" if len(x_keys) == 1 else "row")
    colors = pyplot.get_cmap("tab10" if len(traces) <= 10 else "tab20").colors
    color_of = [colors[count % len(colors)] for count in range(len(traces))]

    for axis, (panel, x_key) in zip(axes.flat, [(panel, x_key) for panel in panels for x_key in x_keys]):
        for trace, color in zip(traces, color_of):
            if panel == "objective":
                plot_series(axis, trace, x_key, "objective", color=color)
            else:
                for key, line, _ in rmse:
                    plot_series(axis, trace, x_key, key, color=color, linestyle=line)
        axis.set_xlabel(iteration if x_key == "iteration" else X_LABELS[x_key])
        axis.grid(alpha=0.3)
        if x_key != "seconds":
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        if x_key == x_keys[0]:
            axis.set_ylabel(panel)
        if panel == "objective" and wants_log(traces):
            axis.set_yscale("log")
        if panel == "RMSE" and top is not None:
            lowest = min((value for trace in traces for key, *_ in rmse for value in trace[key]
                          if not math.isnan(value)), default=top)
            axis.set_ylim(lowest - 0.05 * abs(top - lowest), top)

    firsts = {panel: axes.flat[count * len(x_keys)] for count, panel in enumerate(panels)}
    if rmse:
        kinds = [Line2D([], [], color="black", linestyle=line, label=label) for _, line, label in rmse]
        kinds_legend = firsts["RMSE"].legend(handles=kinds, loc="upper right")
    runs = [Line2D([], [], color=color, label=label) for color, label in zip(color_of, labels)]
    if panels[0] == "RMSE":
        firsts["RMSE"].add_artist(kinds_legend)
    firsts[panels[0]].legend(handles=runs, fontsize="small" if len(runs) > 6 else None,
                             **({"loc": "lower left"} if panels[0] == "RMSE" else {}))
    return figure


def write_atomically(path, content):
    """Writes beside the target and renames, so that a failure leaves what was there."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def save(figure, path, dpi=150):
    """Writes the figure in the format that the path's suffix names, and lets go of it."""
    from matplotlib import pyplot

    image = io.BytesIO()
    figure.savefig(image, format=path.suffix[1:].lower(), dpi=dpi)
    pyplot.close(figure)
    write_atomically(path, image.getvalue())
