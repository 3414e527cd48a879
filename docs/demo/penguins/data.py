"""From the delivered file to training and test data."""

import hashlib
import os
import random
import shutil

from . import table
from .table import Row

checked_copy = "data/penguins.csv"
checked_digest = "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93"

plausible = {
    "bill_length_mm": (25, 70),
    "bill_depth_mm": (10, 25),
    "flipper_length_mm": (150, 250),
    "body_mass_g": (2000, 7000),
}


def acquire(corrupt: bool) -> None:
    """Takes delivery of the data. `corrupt` loses some decimal points, as happens when a locale is wrong."""
    # Nothing of an earlier run in this folder may be taken for this one's.
    for folder in ("work", "evaluation"):
        shutil.rmtree(folder, ignore_errors=True)
    rows = table.read(checked_copy)
    if corrupt:
        for row in rows[::29]:
            row["bill_length_mm"] = row["bill_length_mm"].replace(".", "")
    table.write("work/delivered.csv", rows)
    print(f"delivered {len(rows)} penguins")


def validate() -> str:
    rows = table.read("work/delivered.csv")
    problems = [problem for line, row in enumerate(rows, start=2) for problem in problems_of(line, row)]
    os.environ["MAGNUS_TRACK_implausible_values"] = str(len(problems))
    if problems:
        print("\n".join(problems))
        raise ValueError(f"{len(problems)} implausible values; {problems[0]}")
    write_clean(rows)
    return "the delivery"


def use_checked_copy() -> str:
    with open(checked_copy, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    if digest != checked_digest:
        raise ValueError(f"{checked_copy} is not the copy that was checked: its digest is {digest}")
    write_clean(table.read(checked_copy))
    return "the checked copy"


def split(test_share: float, seed: int) -> None:
    """Splits each species alike, the same way for the same seed."""
    chance = random.Random(seed)
    train: list[Row] = []
    test: list[Row] = []
    rows = table.read("work/clean.csv")
    for species in sorted({row["species"] for row in rows}):
        members = [row for row in rows if row["species"] == species]
        chance.shuffle(members)
        count = round(len(members) * test_share)
        test += members[:count]
        train += members[count:]
    # Cross-validation takes every n-th row as a fold: the species must be mixed.
    chance.shuffle(train)
    table.write("work/train.csv", train)
    table.write("work/test.csv", test)
    print(f"{len(train)} penguins to train with, {len(test)} to test with")


def problems_of(line: int, row: Row) -> list[str]:
    return [
        f"line {line}: {name} is {row[name]}, not within {low} to {high}"
        for name, (low, high) in plausible.items()
        if row[name] != "NA" and not low <= float(row[name]) <= high
    ]


def write_clean(rows: list[Row]) -> None:
    """Keeps the penguins that were measured completely."""
    clean = [row for row in rows if all(row[name] != "NA" for name in plausible)]
    os.environ["MAGNUS_TRACK_penguins"] = str(len(clean))
    table.write("work/clean.csv", clean)
    print(f"{len(clean)} of {len(rows)} penguins are measured completely")
