"""Every test file is part of the build.

Usage: build_test.py COMPILE_COMMANDS
"""
import json
import pathlib
import re
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]


def compiled():
    """The files that the build compiles; in a unity build those that a compiled file includes."""
    for entry in json.loads(COMMANDS.read_text()):
        file = pathlib.Path(entry["directory"], entry["file"]).resolve()
        yield file
        if file.parent.name == "Unity":
            yield from (pathlib.Path(included).resolve()
                        for included in re.findall(r'^#include "(.+)"$', file.read_text(), re.MULTILINE))


def forgotten(folder):
    """The test files of a folder that the build does not compile."""
    built = set(compiled())
    return [file for file in sorted(folder.resolve().rglob("*_test.cpp")) if file not in built]


class Build(unittest.TestCase):
    def test_compiles_every_test_file(self):
        self.assertEqual(forgotten(TESTS), [])

    def test_a_forgotten_file_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "deeper", "forgotten_test.cpp").resolve()
            file.parent.mkdir()
            file.touch()
            self.assertEqual(forgotten(pathlib.Path(folder)), [file])


if __name__ == "__main__":
    COMMANDS = pathlib.Path(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
