"""CSV files as lists of rows."""

import csv
from pathlib import Path

Row = dict[str, str]


def read(path: str) -> list[Row]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write(path: str, rows: list[Row]) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
