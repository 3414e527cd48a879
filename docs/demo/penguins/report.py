"""The page that people read."""

from pathlib import Path
from typing import Optional

from . import table
from .training import name_of


def write(
    data_source: str,
    candidates: list[dict],
    accuracy: list[float],
    chosen: dict,
    decision: str,
    required_accuracy: float,
    test_accuracy: Optional[float] = None,
) -> None:
    compared = [
        {"candidate": name_of(candidate), "accuracy": str(score)} for candidate, score in zip(candidates, accuracy)
    ]
    parts = [f"# Penguins\n\nTrained on {data_source}.", "## Candidates", table_of(compared)]
    parts.append(f"Best is {name_of(chosen)}; {required_accuracy} is required: **{decision}**.")
    if test_accuracy is not None:
        parts.append(f"## On unseen penguins\n\nAccuracy: {test_accuracy}")
        parts += [table_of(table.read(f"evaluation/{name}.csv")) for name in ("confusion", "species", "island")]
    text = "\n\n".join(parts) + "\n"
    Path("report.md").write_text(text)
    print(text)


def table_of(rows: list[dict[str, str]]) -> str:
    lines = [list(rows[0].keys()), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
