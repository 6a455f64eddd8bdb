"""How tools/bench judges what it measured: against ceilings, on more threads than there are, by levels reached."""

import heapq


def level_of(gathered, sizes):
    """The nearest level of memory that so many bytes fit; `sizes` by name, nearest first, 0 for any size."""
    return next(name for name, size in sizes.items() if size == 0 or gathered <= size)


def bound(operations, moved, gathered, ceilings, precision="float"):
    """The least seconds that a pass can take, and what bounds it; `ceilings` are those of as many threads."""
    arithmetic = operations / ceilings[f"multiply_add/{precision}"]
    if moved == 0:
        return arithmetic, "FMA"
    level = level_of(gathered, ceilings["sizes"])
    loads = moved / ceilings[f"load/{level}"]
    return (arithmetic, "FMA") if arithmetic >= loads else (loads, level)


def makespan(chunks, threads):
    """When the last of the chunks is done that are taken in order, each by the thread that is free next."""
    free = [0.0] * min(threads, max(len(chunks), 1))
    for chunk in chunks:
        heapq.heapreplace(free, free[0] + chunk)
    return max(free)


def replay(loops, outside, threads):
    """Loops of chunks, one after another, and what is outside of them on one thread: how many times faster than on
    one thread the whole is, and by which share the loops take longer than if chunks could be shared out evenly."""
    work = sum(map(sum, loops))
    if work == 0:
        return 1.0, 0.0
    length = sum(makespan(loop, threads) for loop in loops)
    return (work + outside) / (length + outside), length * threads / work - 1


def reached(trace, key, target):
    """The first line of a trace where a value is at most the target, or None."""
    return next((line for line in trace if line.get(key) is not None and line[key] <= target), None)


def lowest(trace, key):
    """The lowest of a value in a trace, or None."""
    return min((line[key] for line in trace if line.get(key) is not None), default=None)
