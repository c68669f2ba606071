"""libcache as its users get it: installed (static, shared, for fully static programs) or built as a part of their project.

Usage: package_test.py WORK_FOLDER DEPENDENCIES_PREFIX COMPILER [CLASS...]

What is installed is what scripts/build makes. The rest is built in WORK_FOLDER, which keeps what was compiled for the next time.
"""
import hashlib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STORED = '{"choices":[{"message":{"content":"the package works"},"finish_reason":"stop"}]}\n'
# Those that can compile a program that uses the installed library, and the one that also builds the library itself (README).
OTHER_COMPILERS = [compiler for compiler in ("clang++", "clang++-19", "clang++-14") if shutil.which(compiler)]
SECOND_COMPILER = shutil.which("clang++-19")


def attempt(*command, **environment):
    return subprocess.run([str(word) for word in command], env={**os.environ, **environment}, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def run(*command, **environment):
    """Runs a command that must succeed and returns what it printed."""
    done = attempt(*command, **environment)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def run_failing(*command):
    """Runs a command that must fail and returns what it printed."""
    done = attempt(*command)
    if done.returncode == 0:
        raise AssertionError(f"{command} succeeded:\n{done.stdout[-4000:]}")
    return done.stdout


def configure(source, build, *options, compiler=None):
    return ["cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_CXX_COMPILER={compiler or COMPILER}",
            "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_UNITY_BUILD=ON", *options]


class Package(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def install(self, build, *components):
        """Installs a build and moves the result elsewhere."""
        for component in components or [None]:
            run("cmake", "--install", build, "--prefix", self.folder / "installed",
                *(["--component", component] if component else []))
        return shutil.move(self.folder / "installed", self.folder / "moved")

    def check_find_package(self, prefix, package="libcache", others=""):
        build = self.folder / f"with-{package}"
        run(*configure(HERE / "consumer", build, f"-DCMAKE_PREFIX_PATH={prefix};{others}", f"-DPACKAGE={package}"))
        run("cmake", "--build", build)
        self.assertEqual(run(build / "consumer"), STORED)

    def check_page(self, prefix):
        """The project of docs/linking.md, as a reader would copy it."""
        page = (ROOT / "docs/linking.md").read_text(encoding="utf-8")
        project = self.folder / "page"
        project.mkdir()
        for language, file in (("cmake", "CMakeLists.txt"), ("cpp", "main.cpp")):
            block = re.search(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
            (project / file).write_text(block, encoding="utf-8")
        run(*configure(project, project / "build", f"-DCMAKE_PREFIX_PATH={prefix}"))
        run("cmake", "--build", project / "build")
        answers = {subprocess.run([project / "build/example"], cwd=project, check=True, capture_output=True).stdout
                   for _ in range(2)}
        self.assertEqual(len(answers), 1)
        self.assertIn(b"Hello", answers.pop())
        self.assertTrue((project / "cache.db").exists())

    def compile_with_pkg_config(self, prefix, compiler, *options):
        static = [option for option in options if option == "-static"]
        flags = shlex.split(run("pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "libcache",
                                PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig")))
        return attempt(compiler, *options, "-o", self.folder / "program", HERE / "consumer/consumer.cpp", *flags)

    def check_pkg_config(self, prefix, compiler, *options):
        with self.subTest(compiler=compiler, options=options):
            compiled = self.compile_with_pkg_config(prefix, compiler, "-std=c++20", *options)
            self.assertEqual(compiled.returncode, 0, compiled.stdout)
            self.assertEqual(run(self.folder / "program", LD_LIBRARY_PATH=str(prefix / "lib")), STORED)

    def check_exports_nothing(self, prefix):
        """A plugin that hides its own names exports none of the libraries that it contains either."""
        compiled = self.compile_with_pkg_config(prefix, COMPILER, "-std=c++20", "-shared", "-fPIC", "-fvisibility=hidden")
        self.assertEqual(compiled.returncode, 0, compiled.stdout)
        names = run("nm", "--dynamic", "--defined-only", self.folder / "program")
        self.assertEqual(re.findall(r".*(?:redis|sds|simdjson).*", re.sub(r".*libcache.*", "", names)), [])

    def check_names_no_place(self, prefix):
        for file in [*prefix.rglob("*.cmake"), *prefix.rglob("*.pc")]:
            for place in (ROOT, WORK, prefix, prefix.with_name("installed")):
                self.assertNotIn(str(place), file.read_text(encoding="utf-8"), file)

    def check_versions(self, prefix):
        for version, accepted in {"0.1": True, "0.1.0": True, "0.1...0.9": True, "0.1...<1": True, "0.0": False,
                                  "0.2...0.9": False, "0.0...<0.1": False, "1": False}.items():
            with self.subTest(version=version):
                done = attempt(*configure(HERE / "consumer", self.folder / "versions", f"-DCMAKE_PREFIX_PATH={prefix}",
                                          "-DPACKAGE=libcache", f"-DVERSION={version}"))
                self.assertEqual(done.returncode == 0, accepted, done.stdout)


class Installed(Package):
    def test_installs_the_program_and_an_archive_that_any_linker_reads(self):
        run(ROOT / "scripts/build")
        prefix = self.install(ROOT / "build/release", "program", "library")

        self.assertIn("llmcache", run(prefix / "bin/llmcache", "--version"))
        # The server is found where it was installed, and reads its own options.
        self.assertIn("--listen nowhere: expected HOST:PORT or unix:PATH",
                      run_failing(prefix / "bin/llmcache", "serve", "--listen", "nowhere"))
        for completion in ("bash-completion/completions/llmcache", "zsh/site-functions/_llmcache",
                           "fish/vendor_completions.d/llmcache.fish"):
            self.assertIn("purge", (prefix / "share" / completion).read_text(encoding="utf-8"))
        self.check_names_no_place(prefix)
        for archive in prefix.rglob("*.a"):
            self.assertNotIn(b".gnu.lto", archive.read_bytes(), archive)
        bundled = {archive.stem.removeprefix("libcache-") for archive in (prefix / "lib/libcache").glob("*.a")}
        licences = {licence.name for licence in (prefix / "share/licenses/libcache").iterdir()}
        self.assertEqual(licences, {"LICENSE"} | {f"LICENSE.{name}" for name in bundled})

        self.check_find_package(prefix)
        self.check_page(prefix)
        self.check_versions(prefix)
        for compiler in (COMPILER, *OTHER_COMPILERS):
            self.check_pkg_config(prefix, compiler)
        self.check_pkg_config(prefix, COMPILER, "-static")
        spaced = self.folder / "a folder"
        spaced.symlink_to(prefix)
        self.check_pkg_config(spaced, COMPILER)
        self.check_exports_nothing(prefix)

        older = self.compile_with_pkg_config(prefix, COMPILER, "-std=c++17")
        self.assertEqual(re.findall(r"error: (.*)", older.stdout),
                         ["#error libcache needs C++20: compile with -std=c++20 or later",
                          "libcache/needs_cpp20: No such file or directory"])


class EmbeddedPackage(Package):
    """A project that builds libcache itself. It has no use for the program, and does not look for what that needs."""

    def embed(self, name, *options, compiler=None):
        build = WORK / name
        run(*configure(HERE / "embedder", build, f"-DCMAKE_PREFIX_PATH={DEPENDENCIES}",
                       "-DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON", "-DFETCHCONTENT_FULLY_DISCONNECTED=OFF",
                       "-DLLMCACHE_PRECOMPILED_HEADERS=ON", *options, compiler=compiler))
        run("cmake", "--build", build)
        self.assertEqual(run(build / "consumer"), STORED)
        prefix = self.install(build)
        self.assertFalse((prefix / "bin/llmcache").exists())
        self.check_find_package(prefix, "embedder", DEPENDENCIES)
        return prefix


class Shared(EmbeddedPackage):
    def test_as_a_subdirectory_with_shared_libraries(self):
        # By the second compiler, which exports less: what a namespace without the export macro defines stays hidden.
        prefix = self.embed("shared", f"-DSOURCE={ROOT}", "-DBUILD_SHARED_LIBS=ON", compiler=SECOND_COMPILER)
        self.check_names_no_place(prefix)
        self.check_find_package(prefix)
        self.check_pkg_config(prefix, COMPILER)
        names = run("nm", "-DC", "--defined-only", "--format=posix", prefix / "lib/libcache.so").splitlines()
        ours = re.compile(r"((non-virtual thunk to|typeinfo|typeinfo name|vtable) (for )?)?libcache::(?!internal::)")
        self.assertTrue(any(name.startswith("libcache::open_store(") for name in names))
        self.assertEqual([name for name in names if not ours.match(name)], [])


class Fetched(EmbeddedPackage):
    def test_fetched_from_an_archive(self):
        archive = WORK / "libcache.tar"
        with tarfile.open(archive, "w") as tar:
            for part in ("CMakeLists.txt", "LICENSE", "cmake", "libcache", "man"):
                tar.add(ROOT / part, f"libcache/{part}")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        self.embed("fetched", f"-DARCHIVE={archive}", f"-DARCHIVE_HASH=SHA256={digest}", "-DCMAKE_CXX_FLAGS_RELEASE=-O0",
                   compiler=SECOND_COMPILER)


if __name__ == "__main__":
    WORK, DEPENDENCIES, COMPILER = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3]
    WORK.mkdir(parents=True, exist_ok=True)
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
