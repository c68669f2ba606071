"""The installed package can be moved, and is consumed through CMake and through pkg-config, static and shared.

Usage: package_test.py WORK_FOLDER DEPENDENCIES_PREFIX COMPILER

Builds the library in WORK_FOLDER, which keeps what was compiled for the next time.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CONSUMER = HERE / "consumer"


def run(*command, **environment):
    """Runs a command to its good end and returns what it printed."""
    done = subprocess.run([str(word) for word in command], env={**os.environ, **environment}, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def cmake_configure(source, build, *options):
    run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_CXX_COMPILER={COMPILER}", "-DCMAKE_BUILD_TYPE=Debug",
        "-DCMAKE_CXX_FLAGS_DEBUG=-O0", *options)


class Package:
    """Builds and installs, moves the package away from where it was installed, and consumes it."""

    def install(self, kind, components, targets):
        build = WORK / kind
        cmake_configure(ROOT, build, f"-DBUILD_SHARED_LIBS={kind == 'shared'}", "-DLLMCACHE_TESTS=OFF",
                        "-DLLMCACHE_EXAMPLES=OFF", f"-DCMAKE_PREFIX_PATH={DEPENDENCIES}")
        run("cmake", "--build", build, "--target", *targets)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for component in components:
            run("cmake", "--install", build, "--prefix", folder / "installed", "--component", component)
        return shutil.move(folder / "installed", folder / "moved")

    def consume_with_cmake(self, prefix):
        with tempfile.TemporaryDirectory() as build:
            cmake_configure(CONSUMER, build, f"-DCMAKE_PREFIX_PATH={prefix}")
            run("cmake", "--build", build)
            return run(pathlib.Path(build, "consumer"))

    def consume_with_pkg_config(self, prefix):
        flags = run("pkg-config", "--cflags", "--libs", "libcache", PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig")).split()
        with tempfile.TemporaryDirectory() as build:
            program = pathlib.Path(build, "consumer")
            run(COMPILER, "-std=c++20", "-o", program, CONSUMER / "consumer.cpp", *flags)
            return run(program, LD_LIBRARY_PATH=str(prefix / "lib"))

    def check_consumers(self, prefix):
        self.assertEqual(self.consume_with_cmake(prefix), "the package works\n")
        self.assertEqual(self.consume_with_pkg_config(prefix), "the package works\n")

    def check_names_no_place(self, prefix):
        for file in [*prefix.rglob("*.cmake"), *prefix.rglob("*.pc")]:
            for place in (ROOT, WORK, prefix, prefix.with_name("installed")):
                self.assertNotIn(str(place), file.read_text(encoding="utf-8"), file)


class StaticPackage(Package, unittest.TestCase):
    def test_program_and_library(self):
        prefix = self.install("static", ["program", "library"], ["llmcache", "libcache"])
        self.assertTrue((prefix / "lib/libcache.a").exists())
        self.assertIn("llmcache", run(prefix / "bin/llmcache", "--version"))
        for completion in ("bash-completion/completions/llmcache", "zsh/site-functions/_llmcache",
                           "fish/vendor_completions.d/llmcache.fish"):
            self.assertIn("purge", (prefix / "share" / completion).read_text(encoding="utf-8"))
        self.check_names_no_place(prefix)
        self.check_consumers(prefix)


class SharedPackage(Package, unittest.TestCase):
    def test_library(self):
        prefix = self.install("shared", ["library"], ["libcache"])
        self.check_names_no_place(prefix)
        self.check_consumers(prefix)
        exported = run("nm", "-DC", "--defined-only", prefix / "lib/libcache.so")
        self.assertIn("libcache::open_store", exported)
        self.assertEqual(re.findall(r" [A-Z] ((?:redis|ssl|sqlite3|ZSTD|XXH)\w*)$", exported, re.MULTILINE), [])


if __name__ == "__main__":
    WORK, DEPENDENCIES, COMPILER = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    unittest.main(argv=sys.argv[:1])
