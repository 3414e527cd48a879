"""The functions of the package, in a run and outside of one."""
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from typing import List
from unittest import mock

try:
    import magnus
except ImportError:  # Not installed: the sources.
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "src"))
    import magnus


class Case(unittest.TestCase):
    """In a folder of its own, with nothing of a run in the environment."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        before = os.getcwd()
        os.chdir(folder.name)
        self.addCleanup(os.chdir, before)
        plain = {name: text for name, text in os.environ.items() if not name.startswith("MAGNUS_")}
        environment = mock.patch.dict(os.environ, plain, clear=True)
        environment.start()
        self.addCleanup(environment.stop)
        for values in (magnus.task._set_here, magnus._catalog._put_here):
            saved = mock.patch.dict(values, clear=True)
            saved.start()
            self.addCleanup(saved.stop)

    def fails(self, message):
        return self.assertRaisesRegex(magnus.MagnusError, message)


class InARun(Case):
    def setUp(self):
        super().setUp()
        parameters = {"n": 7, "name": "oslo", "cities": ["oslo", "rome"], "big": 12345678901234567890}
        pathlib.Path("parameters.json").write_text(json.dumps(parameters))
        os.environ.update(
            MAGNUS_RUN_ID="r",
            MAGNUS_RUN_TAG="nightly",
            MAGNUS_PARAMETERS_FILE=os.path.abspath("parameters.json"),
            MAGNUS_OUTPUT_FILE=os.path.abspath("output.ndjson"),
        )

    def answers(self):
        return [json.loads(line) for line in pathlib.Path("output.ndjson").read_text().splitlines()]

    def test_parameters_are_those_of_the_file(self):
        self.assertEqual(magnus.get_parameter("n"), 7)
        self.assertEqual(magnus.get_parameter("big"), 12345678901234567890)
        self.assertEqual(sorted(magnus.get_parameter()), ["big", "cities", "n", "name"])
        with self.fails('there is no parameter "rate"; this step sees: big, cities, n, name'):
            magnus.get_parameter("rate")

    def test_parameters_are_converted(self):
        self.assertEqual(magnus.get_parameter("n", cast_as=float), 7.0)
        self.assertEqual(magnus.get_parameter("n", cast_as=str), "7")
        self.assertEqual(magnus.get_parameter("cities", cast_as=List[str]), ["oslo", "rome"])
        with self.fails("cities"):
            magnus.get_parameter("cities", cast_as=int)

        @dataclasses.dataclass
        class Settings:
            n: float
            name: str
            cities: List[str]
            big: int

        self.assertEqual(magnus.get_parameter(cast_as=Settings).n, 7.0)

    def test_what_is_set_is_seen_here_and_published(self):
        magnus.set_parameter(n=8, where=pathlib.Path("a/b"))
        self.assertEqual((magnus.get_parameter("n"), magnus.get_parameter("where")), (8, "a/b"))
        self.assertEqual(os.environ["MAGNUS_PRM_n"], "8")
        self.assertEqual(self.answers(), [{"parameters": {"n": 8, "where": "a/b"}}])
        with self.fails("cannot be published as JSON"):
            magnus.set_parameter(n=object())
        self.assertEqual(len(self.answers()), 1)

    def test_a_long_value_is_no_variable(self):
        magnus.set_parameter(n=1)
        magnus.set_parameter(n="x" * 200_000)
        self.assertNotIn("MAGNUS_PRM_n", os.environ)
        self.assertEqual(len(magnus.get_parameter("n")), 200_000)

    def test_metrics_have_a_step_unless_it_is_none(self):
        magnus.track_this(loss=0.5)
        magnus.track_this(step=3, loss=float("nan"))
        magnus.track_this(step=None, loss=1)
        self.assertEqual(
            self.answers(),
            [
                {"metrics": {"loss": 0.5}, "step": 0},
                {"metrics": {"loss": "NaN"}, "step": 3},
                {"metrics": {"loss": 1}},
            ],
        )

    def test_secrets_are_variables_and_never_of_the_file(self):
        pathlib.Path(".env").write_text("TOKEN=from-file\n")
        with self.fails("name it under `secrets`"):
            magnus.get_secret("TOKEN")
        os.environ["TOKEN"] = "given"
        self.assertEqual(magnus.get_secret("TOKEN"), "given")

    def test_files_are_named_and_stay_below(self):
        magnus.put_in_catalog("out/*.csv")
        magnus.put_in_catalog(os.path.abspath("model.bin"))
        self.assertEqual(self.answers(), [{"catalog": {"put": ["out/*.csv"]}}, {"catalog": {"put": ["model.bin"]}}])
        for outside in ("../x", "/no/such"):
            with self.fails("is outside the working directory"):
                magnus.put_in_catalog(outside)

    def test_objects_go_by_files(self):
        magnus.put_object({"a": (1, 2)}, "model")
        self.assertEqual(magnus.get_object("model"), {"a": (1, 2)})
        (answer,) = self.answers()
        magnus._catalog._put_here.clear()
        files = {"sha256:%d" % at: {"file": file} for at, file in enumerate(answer["objects"].values())}
        files["sha256:1"] = {"error": "it is gone"}
        one, lost = {"$object": "sha256:0"}, {"$object": "sha256:1"}
        values = {"model": one, "models": [one, None, {"oslo": one}], "lost": lost}
        pathlib.Path("objects.json").write_text(json.dumps({"values": values, "files": files}))
        os.environ["MAGNUS_OBJECTS"] = "objects.json"
        self.assertEqual(magnus.get_object("model"), {"a": (1, 2)})
        self.assertEqual(magnus.get_object("models"), [{"a": (1, 2)}, None, {"oslo": {"a": (1, 2)}}])
        with self.fails('"models" is not a plain value: get_object'):
            magnus.get_parameter("models")
        with self.fails('the object "lost" cannot be read: it is gone'):
            magnus.get_object("lost")
        with self.fails("no step before this one has put it"):
            magnus.get_object("other")
        with self.fails("cannot be pickled"):
            magnus.put_object(lambda: 1, "model")
        with self.fails("cannot be the name of an object"):
            magnus.put_object(1, "a b")
        with self.fails(r"must be text, but is a value of type list \(the object comes first: put_object\(object, name\)\)"):
            magnus.put_object("model", [1])

    def test_the_run(self):
        self.assertEqual((magnus.get_run_id(), magnus.get_tag()), ("r", "nightly"))
        with self.fails("kept in memory"):
            magnus.get_run_log()
        show = "import json, os; print(json.dumps({'run': 'r', 'services': os.environ['MAGNUS_SERVICES']}))"
        reader = {"command": [sys.executable, "-c", show], "services": "{}"}
        os.environ["MAGNUS_RUN_LOG"] = json.dumps(reader)
        self.assertEqual(magnus.get_run_log(), {"run": "r", "services": "{}"})
        os.environ["MAGNUS_RUN_LOG"] = json.dumps({**reader, "command": [sys.executable, "-c", "exit('no log')"]})
        with self.fails("the run's log cannot be read: no log"):
            magnus.get_run_log()

    def test_an_answer_that_cannot_be_written(self):
        os.environ["MAGNUS_OUTPUT_FILE"] = "no/such/folder/output"
        with self.fails("cannot write to MAGNUS_OUTPUT_FILE"):
            magnus.track_this(loss=1)


class OutsideARun(Case):
    def test_parameters_are_variables(self):
        os.environ.update(MAGNUS_PRM_n="7", MAGNUS_PRM_name="oslo", MAGNUS_PRM_list="[1, 2]")
        self.assertEqual(magnus.get_parameter(), {"n": 7, "name": "oslo", "list": [1, 2]})
        with self.fails("this step sees: list, n, name"):
            magnus.get_parameter("rate")

    def test_numbers_have_their_text(self):
        os.environ.update(MAGNUS_PRM_version="3.10", MAGNUS_PRM_words="7 apples")
        self.assertEqual(magnus.get_parameter("version"), 3.1)
        self.assertEqual(magnus.get_parameter("version", cast_as=str), "3.10")
        self.assertEqual(magnus.get_parameter("words"), "7 apples")

    def test_what_is_published_is_seen_here_only(self):
        magnus.set_parameter(n=8)
        magnus.track_this(loss=1)
        magnus.put_in_catalog("*.csv")
        self.assertEqual(magnus.get_parameter("n"), 8)
        self.assertEqual(os.listdir(), [])

    def test_secrets_may_stand_in_a_file(self):
        pathlib.Path(".env").write_text("# comment\nexport TOKEN='a b'\nOTHER=\"x\"\nnothing\n")
        self.assertEqual((magnus.get_secret("TOKEN"), magnus.get_secret("OTHER")), ("a b", "x"))
        with self.fails("set the variable, or write it into .env"):
            magnus.get_secret("NONE")

    def test_files_are_found_and_copied(self):
        pathlib.Path("data/deep").mkdir(parents=True)
        for name in ("data/a.csv", "data/deep/b.csv"):
            pathlib.Path(name).write_text(name)
        self.assertEqual(magnus.get_from_catalog("data/*.csv"), ["data/a.csv"])
        self.assertEqual(magnus.get_from_catalog("data"), ["data/a.csv", "data/deep/b.csv"])
        (copy,) = magnus.get_from_catalog("data/a.csv", "copies")
        self.assertEqual(pathlib.Path(copy).read_text(), "data/a.csv")
        with self.fails("no file matches"):
            magnus.get_from_catalog("*.txt")

    def test_objects_are_files_here(self):
        magnus.put_object([1], "model")
        self.assertEqual(os.listdir(), ["model.pickle"])
        magnus._catalog._put_here.clear()
        self.assertEqual(magnus.get_object("model"), [1])

    def test_there_is_no_run(self):
        self.assertEqual((magnus.get_run_id(), magnus.get_tag(), magnus.get_run_log()), ("", "", {}))


class Package(unittest.TestCase):
    def test_everything_public_is_named_and_described(self):
        for name in magnus.__all__:
            self.assertTrue(getattr(magnus, name).__doc__, name)

    def test_importing_it_loads_little(self):
        script = "import sys; before = set(sys.modules); import magnus; print(*sorted(set(sys.modules) - before))"
        environment = dict(os.environ, PYTHONPATH=str(pathlib.Path(magnus.__file__).parent.parent))
        loaded = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
        for heavy in (b"dataclasses", b"pickle", b"subprocess", b"asyncio", b"shutil"):
            self.assertNotIn(heavy, loaded.stdout.split())


if __name__ == "__main__":
    unittest.main()
