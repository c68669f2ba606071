"""Each installed header compiles alone, with nothing before it, and libcache(3) names it.

Usage: headers_test.py COMPILER GENERATED_INCLUDES
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "libcache" / "include"
HEADERS = sorted(header.relative_to(INCLUDE) for header in INCLUDE.rglob("*.h"))


def compile_alone(header, folder):
    """The messages of the compiler for a file that only includes this header, twice; empty if it compiles."""
    source = f"#include <{header}>\n" * 2
    command = [COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{folder}", f"-I{GENERATED}", "-x", "c++", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=False).stderr


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        self.assertTrue(HEADERS)
        for header in HEADERS:
            with self.subTest(header):
                self.assertEqual(compile_alone(header, INCLUDE), "")

    def test_each_is_in_the_man_page(self):
        page = (INCLUDE.parents[1] / "man" / "libcache.3").read_text(encoding="utf-8")
        self.assertEqual([str(header) for header in HEADERS if str(header) not in page and header.name != "export.h"], [])

    def test_a_header_that_lacks_an_include_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "lacking.h").write_text("#pragma once\ninline std::string name();\n", encoding="utf-8")
            self.assertIn("string", compile_alone("lacking.h", folder))


if __name__ == "__main__":
    COMPILER, GENERATED = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
