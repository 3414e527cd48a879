"""Functions that the steps of pipeline.yaml call."""

import csv


def summarise(limit: float):
    """Takes the parameter `limit`; each key of the returned dict becomes a parameter."""
    with open("data/readings.csv", newline="") as file:
        readings = [float(value) for _, value in csv.reader(file)]
    mean = sum(readings) / len(readings)
    print(f"{len(readings)} readings, mean {mean:.1f}")
    return {"mean": round(mean, 1), "verdict": "warm" if mean > limit else "cool"}
