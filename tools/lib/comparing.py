"""What tools/compare-builds compares: bytes that programs wrote, without times and memory, and where they differ."""

import json
import re

# Seconds and memory, in reports, logs and messages. Whatever else is written must be the same.
TIMED = (
    (re.compile(rb'("seconds":\s*)\{[^}]*\}'), rb"\1{}"),
    (re.compile(rb'("(?:seconds|train_seconds|peak_memory_bytes)":\s*)[-+0-9.e]+'), rb"\1null"),
    # The checksum of a line of a search's log is of its seconds too.
    (re.compile(rb'("seconds":null,"checksum":)"[^"]*"'), rb"\1null"),
    (re.compile(rb"\bin [0-9.]+ s\b"), b"in # s"),
    (re.compile(rb"((?:passes|trainings), )[0-9.]+ s\b"), rb"\1# s"),
    # Shown once a second.
    (re.compile(rb"^iteration \d+/\d+  objective .*\n", re.MULTILINE), b""),
)


def read_header(data):
    """The header of a safetensors file and where its data begin; None for anything else."""
    end = 8 + int.from_bytes(data[:8], "little") if len(data) > 8 else 0
    if not 8 < end <= len(data) or data[8:9] != b"{":
        return None
    try:
        return json.loads(data[8:end]), end
    except ValueError:
        return None


def without_times(data):
    """The bytes, but for what another run of the same program would write differently."""
    found = read_header(data)
    if found is None:
        for pattern, text in TIMED:
            data = pattern.sub(text, data)
        return data
    header, end = found
    metadata = header.get("__metadata__", {})
    if metadata.get("format") != "odot-checkpoint":
        return data
    # A checkpoint holds the seconds so far, and its checksum is of them too.
    kept = {key: value for key, value in metadata.items() if not key.endswith("seconds") and key != "checksum"}
    text = json.dumps({**header, "__metadata__": kept}).encode()
    return len(text).to_bytes(8, "little") + text + data[end:]


def first_difference(before, after):
    return next((k for k, (a, b) in enumerate(zip(before, after)) if a != b), min(len(before), len(after)))


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."


def field_difference(before, after, name=""):
    """Where two JSON values differ: the first field and both of its values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            place = f"{name}.{key}" if name else key
            if key not in after or key not in before:
                return f"{place} is there in {'BEFORE' if key in before else 'AFTER'} only"
            if before[key] != after[key]:
                return field_difference(before[key], after[key], place)
        return "the order of its fields"
    if isinstance(before, list) and isinstance(after, list):
        for k, (one, other) in enumerate(zip(before, after)):
            if one != other:
                return field_difference(one, other, f"{name}[{k}]")
        return f"{name} has {len(before)} elements before, {len(after)} after"
    return f"{name or 'the value'}: {short(before)} before, {short(after)} after"


def tensor_difference(before, after):
    """Where two safetensors files differ."""
    (one, begin), (other, start) = read_header(before), read_header(after)
    # The checksum follows from the rest, which says more.
    found = [{key: value for key, value in header.get("__metadata__", {}).items() if key != "checksum"}
             for header in (one, other)]
    if found[0] != found[1]:
        return field_difference(*found)
    one, other = ({key: value for key, value in header.items() if key != "__metadata__"} for header in (one, other))
    if one != other:
        return field_difference(one, other)
    at = first_difference(before[begin:], after[start:])
    for name, tensor in one.items():
        if tensor["data_offsets"][0] <= at < tensor["data_offsets"][1]:
            return f"{name}: byte {at - tensor['data_offsets'][0]} of the tensor"
    return f"byte {first_difference(before, after)}"


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def describe(before, after):
    """Where bytes that differ do so; None stands for a file that is not there."""
    if before is None or after is None:
        return f"written by {'AFTER' if before is None else 'BEFORE'} only"
    if read_header(before) and read_header(after):
        return tensor_difference(before, after)
    at = first_difference(before, after)
    one, other = parsed(before), parsed(after)
    if one is not None and other is not None:
        return field_difference(one, other) if one != other else f"byte {at}"
    line = before[:at].count(b"\n") + 1
    texts = [(data.split(b"\n") + [b""] * line)[line - 1].decode("utf-8", "replace") for data in (before, after)]
    one, other = parsed(texts[0]), parsed(texts[1])
    if isinstance(one, dict) and isinstance(other, dict) and one != other:
        return f"line {line}: {field_difference(one, other)}"
    return f"byte {at}, line {line}: {short(texts[0])} before, {short(texts[1])} after"
