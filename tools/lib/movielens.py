"""Where the ratings of MovieLens are."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find_ratings(name):
    """A file of MovieLens, such as ml-100k/u.data: in the folder that ODOT_DATA names, or where tools/fetch-movielens has
    put it; or None."""
    named = os.environ.get("ODOT_DATA")
    for folder in ("movielens", ROOT / "movielens") if named is None else (named,):
        path = pathlib.Path(folder) / name
        if folder and path.is_file():
            return path.resolve()
    return None
