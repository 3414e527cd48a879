"""Three small classifiers. A fitted one is plain data, so that it can be stored as JSON."""

import math
from collections import Counter
from dataclasses import dataclass

from .table import Row

Point = list[float]


@dataclass
class Candidate:
    model: str
    k: int = 5


@dataclass
class Fitted:
    candidate: Candidate
    features: list[str]
    means: Point
    deviations: Point
    species: list[str]
    points: list[Point]


def fit(candidate: Candidate, features: list[str], rows: list[Row]) -> Fitted:
    raw = [[float(row[name]) for name in features] for row in rows]
    columns = list(zip(*raw))
    means = [mean(column) for column in columns]
    deviations = [deviation(column) for column in columns]
    points = [scale(point, means, deviations) for point in raw]
    return Fitted(candidate, features, means, deviations, [row["species"] for row in rows], points)


def predict(fitted: Fitted, rows: list[Row]) -> list[str]:
    classify = classifiers[fitted.candidate.model](fitted)
    raw = [[float(row[name]) for name in fitted.features] for row in rows]
    return [classify(scale(point, fitted.means, fitted.deviations)) for point in raw]


def nearest_neighbours(fitted: Fitted):
    known = list(zip(fitted.points, fitted.species))

    def classify(point: Point) -> str:
        nearest = sorted(known, key=lambda other: math.dist(point, other[0]))[: fitted.candidate.k]
        return Counter(species for _, species in nearest).most_common(1)[0][0]

    return classify


def naive_bayes(fitted: Fitted):
    """Each feature of a species is taken as normally distributed and independent of the others."""
    total = len(fitted.points)
    shapes = {
        species: (len(points) / total, [(mean(column), deviation(column)) for column in zip(*points)])
        for species, points in by_species(fitted).items()
    }

    def likelihood(point: Point, species: str) -> float:
        share, columns = shapes[species]
        return math.log(share) - sum(
            math.log(width) + ((value - middle) / width) ** 2 / 2 for value, (middle, width) in zip(point, columns)
        )

    return lambda point: max(shapes, key=lambda species: likelihood(point, species))


def nearest_centroid(fitted: Fitted):
    centroids = {
        species: [mean(column) for column in zip(*points)] for species, points in by_species(fitted).items()
    }
    return lambda point: min(centroids, key=lambda species: math.dist(point, centroids[species]))


classifiers = {
    "nearest-neighbours": nearest_neighbours,
    "naive-bayes": naive_bayes,
    "nearest-centroid": nearest_centroid,
}


def by_species(fitted: Fitted) -> dict[str, list[Point]]:
    groups: dict[str, list[Point]] = {}
    for point, species in zip(fitted.points, fitted.species):
        groups.setdefault(species, []).append(point)
    return groups


def scale(point: Point, means: Point, deviations: Point) -> Point:
    return [(value - middle) / width for value, middle, width in zip(point, means, deviations)]


def mean(values) -> float:
    return math.fsum(values) / len(values)


def deviation(values) -> float:
    middle = mean(values)
    return math.sqrt(mean([(value - middle) ** 2 for value in values])) or 1.0
