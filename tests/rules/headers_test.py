"""Each installed header compiles alone, with nothing before it; libcache(3) names it; what it declares is exported.

Usage: headers_test.py COMPILER GENERATED_INCLUDES
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

LIBRARY = pathlib.Path(__file__).resolve().parents[2] / "libcache"
INCLUDE = LIBRARY / "include"
# clang hides a function that is defined in a namespace without the attribute, although its declaration has it.
HIDDEN = re.compile(r"^namespace libcache(::bifrost)? \{(?!\nnamespace bifrost LIBCACHE_EXPORT)", re.MULTILINE)
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
        page = (LIBRARY.parent / "man" / "libcache.3").read_text(encoding="utf-8")
        self.assertEqual([str(header) for header in HEADERS if str(header) not in page and header.name != "export.h"], [])

    def test_what_it_declares_is_defined_in_an_exported_namespace(self):
        sources = [*LIBRARY.rglob("*.h"), *LIBRARY.rglob("*.cpp")]
        self.assertEqual([str(source) for source in sources if HIDDEN.search(source.read_text(encoding="utf-8"))], [])
        self.assertTrue(HIDDEN.search("\nnamespace libcache {\n\nint f();\n"))

    def test_a_header_that_lacks_an_include_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "lacking.h").write_text("#pragma once\ninline std::string name();\n", encoding="utf-8")
            self.assertIn("string", compile_alone("lacking.h", folder))


if __name__ == "__main__":
    COMPILER, GENERATED = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
