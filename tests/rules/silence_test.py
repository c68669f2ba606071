"""libcache never prints, exits, reads the environment or installs signal handlers.

Usage: silence_test.py LIBCACHE_ARCHIVE COMPILER
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

FORBIDDEN = re.compile(
    r"""(__)?v?f?printf(_chk)? | puts | fputs | f?putc | putchar | fwrite | perror | v?syslog | stdout | stderr
      | _ZSt4(cout|cerr|clog)
      | exit | _exit | _Exit | quick_exit | at_quick_exit | atexit | abort | raise | kill
      | (secure_)?getenv | setenv | unsetenv | putenv | environ | __environ
      | signal | sigaction""",
    re.VERBOSE)

# Inline functions of third-party headers become part of the archive; their assertions in debug builds are not our code.
THIRD_PARTY = re.compile(r"\.text(\.unlikely)?\._ZNK?(St|S?(3fmt|8nlohmann))")

SECTION = re.compile(r"RELOCATION RECORDS FOR \[(.*)\]:")
OFFSET = re.compile(r"[-+]0x[0-9a-f]+\Z")


def forbidden_references(archive):
    """The forbidden symbols that our own code in an archive or object file refers to."""
    listing = subprocess.run(["objdump", "-r", archive], capture_output=True, text=True, check=True).stdout
    found, ours = set(), False
    for line in listing.splitlines():
        section = SECTION.match(line)
        words = line.split()
        if section:
            ours = not section[1].startswith(".debug") and not THIRD_PARTY.match(section[1])
        elif ours and len(words) == 3 and FORBIDDEN.fullmatch(symbol := OFFSET.sub("", words[2])):
            found.add(symbol)
    return found


def references_of(source):
    with tempfile.TemporaryDirectory() as folder:
        archive = pathlib.Path(folder, "object.o")
        subprocess.run([COMPILER, "-x", "c++", "-c", "-O1", "-o", archive, "-"], input=source, text=True, check=True)
        return forbidden_references(archive)


class Silence(unittest.TestCase):
    def test_the_library_is_silent(self):
        self.assertEqual(forbidden_references(ARCHIVE), set())

    def test_the_archive_was_read(self):
        symbols = subprocess.run(["nm", "-C", ARCHIVE], capture_output=True, text=True, check=True).stdout
        self.assertIn("T libcache::sha256", symbols)

    def test_each_forbidden_function_is_found(self):
        for source, symbol in (
            ("#include <cstdio>\nvoid f() { std::puts(\"x\"); }", "puts"),
            ("#include <cstdio>\nvoid f(int i) { std::fprintf(stderr, \"%d\", i); }", "stderr"),
            ("#include <iostream>\nvoid f() { std::cout << 1; }", "_ZSt4cout"),
            ("#include <iostream>\nstd::ostream* out = &std::cerr;", "_ZSt4cerr"),
            ("#include <cstdlib>\nvoid f() { std::exit(1); }", "exit"),
            ("#include <cstdlib>\nvoid f() { std::abort(); }", "abort"),
            ("#include <cstdlib>\nchar* f() { return std::getenv(\"HOME\"); }", "getenv"),
            ("#include <csignal>\nvoid f() { std::signal(SIGINT, SIG_IGN); }", "signal"),
        ):
            with self.subTest(source):
                self.assertIn(symbol, references_of(source))

    def test_formatting_into_memory_is_allowed(self):
        self.assertEqual(references_of("#include <cstdio>\nint f(char* to) { return std::snprintf(to, 9, \"%d\", 1); }"), set())


if __name__ == "__main__":
    ARCHIVE, COMPILER = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
