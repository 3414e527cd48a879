"""How a value is turned into what an annotation asks for, by the function that arguments go through, too."""
import dataclasses
import enum
import pathlib
import sys
import unittest
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

try:
    from magnus import _runner
except ImportError:  # Not installed: the sources.
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "src"))
    from magnus import _runner

convert = _runner.part("convert")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Inner:
    rate: float


@dataclasses.dataclass
class Outer:
    name: str
    inner: Inner
    many: List[Inner] = dataclasses.field(default_factory=list)


class Pair(NamedTuple):
    inner: Inner
    name: str = "none"


class Conversion(unittest.TestCase):
    def becomes(self, value, annotation, expected):
        found = convert(value, annotation, "it")
        self.assertEqual((found, type(found)), (expected, type(expected)), annotation)

    def refused(self, value, annotation):
        with self.assertRaisesRegex(_runner.Failure, "it", msg="%r as %r" % (value, annotation)):
            convert(value, annotation, "it")

    def test_plain_types(self):
        for value, annotation, expected in [
            (7, int, 7),
            ("7", int, 7),
            (7.0, int, 7),
            (7, float, 7.0),
            ("0.5", float, 0.5),
            (7, str, "7"),
            (True, bool, True),
            ("true", bool, True),
            ([1], list, [1]),
            ({"a": 1}, dict, {"a": 1}),
            ("x", Any, "x"),
        ]:
            self.becomes(value, annotation, expected)

    def test_named_tuples(self):
        self.becomes({"inner": {"rate": 1}}, Pair, Pair(Inner(1.0)))
        self.becomes([{"rate": 1}, "x"], Pair, Pair(Inner(1.0), "x"))
        for value in ({"name": "x"}, {"inner": {"rate": 1}, "more": 1}, [{"rate": 1}, "x", "y"], "x", 5):
            self.refused(value, Pair)

    def test_what_they_cannot_take(self):
        for value, annotation in [("x", int), (7.5, int), ("x", float), ([], int), ("x", bool), (7, list), (7, dict)]:
            self.refused(value, annotation)

    def test_generics(self):
        self.becomes(["1", 2], List[int], [1, 2])
        self.becomes({"a": "1"}, Dict[str, int], {"a": 1})
        self.becomes([1, "2"], Tuple[int, int], (1, 2))
        self.becomes(None, Optional[int], None)
        self.becomes("7", Optional[int], 7)
        self.becomes("x", Union[int, str], "x")
        self.refused(["x"], List[int])
        self.refused({"a": "x"}, Dict[str, int])

    @unittest.skipIf(sys.version_info < (3, 10), "unions by | are Python 3.10's")
    def test_newer_spellings(self):
        self.becomes(["1"], list[int], [1])
        self.becomes(None, int | None, None)

    def test_classes(self):
        self.becomes("red", Colour, Colour.RED)
        self.refused("blue", Colour)
        outer = convert({"name": "a", "inner": {"rate": 1}, "many": [{"rate": "2"}]}, Outer, "it")
        self.assertEqual(outer, Outer("a", Inner(1.0), [Inner(2.0)]))
        self.refused({"name": "a"}, Outer)


if __name__ == "__main__":
    unittest.main()
