"""How the chosen model does on penguins that it has not seen."""

import json

from . import models, table
from .models import Candidate, Fitted
from .table import Row


def predict() -> None:
    with open("work/model.json") as file:
        stored = json.load(file)
    fitted = Fitted(**{**stored, "candidate": Candidate(**stored["candidate"])})
    rows = table.read("work/test.csv")
    predicted = models.predict(fitted, rows)
    table.write("work/predictions.csv", [{**row, "predicted": species} for row, species in zip(rows, predicted)])


def confusion() -> float:
    rows = table.read("work/predictions.csv")
    names = sorted({row["species"] for row in rows})
    counts = [
        {"species": actual, **{guess: str(count(rows, actual, guess)) for guess in names}} for actual in names
    ]
    table.write("evaluation/confusion.csv", counts)
    return accuracy_of(rows)


def by_species() -> dict[str, float]:
    return score_groups("species")


def by_island() -> dict[str, float]:
    return score_groups("island")


def score_groups(column: str) -> dict[str, float]:
    rows = table.read("work/predictions.csv")
    scores = {
        group: accuracy_of([row for row in rows if row[column] == group])
        for group in sorted({row[column] for row in rows})
    }
    table.write(
        f"evaluation/{column}.csv", [{column: group, "accuracy": str(score)} for group, score in scores.items()]
    )
    return scores


def count(rows: list[Row], actual: str, guess: str) -> int:
    return sum(row["species"] == actual and row["predicted"] == guess for row in rows)


def accuracy_of(rows: list[Row]) -> float:
    return round(sum(row["species"] == row["predicted"] for row in rows) / len(rows), 4)
