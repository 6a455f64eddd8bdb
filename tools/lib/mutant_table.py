"""The mistakes that tools/mutants makes."""

import dataclasses

import mutants_of_library
import mutants_of_program


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str  # what is wrong then
    kind: str
    file: str
    old: str  # occurs once in the file
    new: str


MUTANTS = [Mutant(name, kind, file, old, new)
           for table in (mutants_of_program.TABLE, mutants_of_library.TABLE)
           for kind, rows in table.items() for name, file, old, new in rows]
