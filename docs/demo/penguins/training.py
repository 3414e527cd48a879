"""Compares the candidates, chooses one and fits it."""

import dataclasses
import json
import os

from . import models, table
from .models import Candidate


def cross_validate(candidate: Candidate, features: list[str], folds: int) -> float:
    """The mean accuracy over the folds; each fold's is tracked as a step of a metric."""
    rows = table.read("work/train.csv")
    accuracies = []
    for fold in range(folds):
        held_out = rows[fold::folds]
        rest = [row for i, row in enumerate(rows) if i % folds != fold]
        predicted = models.predict(models.fit(candidate, features, rest), held_out)
        hits = sum(row["species"] == species for row, species in zip(held_out, predicted))
        accuracies.append(hits / len(held_out))
        os.environ[f"MAGNUS_TRACK_fold_accuracy_STEP_{fold}"] = str(round(accuracies[-1], 4))
    accuracy = round(sum(accuracies) / folds, 4)
    print(f"{name_of(dataclasses.asdict(candidate))}: {accuracy}")
    return accuracy


def choose(candidates: list[dict], accuracy: list[float], required_accuracy: float) -> tuple[dict, str]:
    """`accuracy` is what the map made of each candidate's: a list in the order of the candidates."""
    best = max(range(len(candidates)), key=lambda i: accuracy[i])
    decision = "release" if accuracy[best] >= required_accuracy else "hold"
    print(f"{name_of(candidates[best])} is best with {accuracy[best]}: {decision}")
    return candidates[best], decision


def fit(chosen: Candidate, features: list[str]) -> None:
    fitted = models.fit(chosen, features, table.read("work/train.csv"))
    with open("work/model.json", "w") as file:
        json.dump(dataclasses.asdict(fitted), file)


def name_of(candidate: dict) -> str:
    is_neighbours = candidate["model"] == "nearest-neighbours"
    return f"{candidate['model']} k={candidate['k']}" if is_neighbours else candidate["model"]
