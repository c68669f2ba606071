"""How many instructions an operation may take. With one compiler the count is the same on every machine.

Usage: instructions_test.py LIBCACHE_BENCH

If a change makes an operation more expensive on purpose, set the new ceiling about 3 % above the count that the test prints, and
give the reason in the commit.
"""
import re
import subprocess
import sys
import tempfile
import unittest

CEILINGS = {
    "key-2k": 51_100,
    "key-1m": 12_950_000,
    "hit": 138_500,
}


def instructions(*arguments):
    """How many instructions one run of libcache-bench takes."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", LIBCACHE_BENCH, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def instructions_each(case, store, few, many):
    """The instructions of one operation, without those of starting and preparing."""
    counts = [instructions("--store", store, "repeat", case, count) for count in (few, many)]
    return (counts[1] - counts[0]) // (many - few)


class Instructions(unittest.TestCase):
    def test_stay_below_their_ceilings(self):
        with tempfile.TemporaryDirectory() as folder:
            store = f"sqlite:{folder}/cache.db"
            subprocess.run([LIBCACHE_BENCH, "--store", store, "fill", "1000"], check=True)
            for case, ceiling in CEILINGS.items():
                with self.subTest(case):
                    many = 12 if case.endswith("1m") else 1002
                    each = instructions_each(case, store, 2, many)
                    print(f"{case}: {each} of {ceiling} instructions")
                    self.assertLessEqual(each, ceiling)
                    self.assertGreater(each, 0.8 * ceiling, "much cheaper than its ceiling: lower the ceiling")


if __name__ == "__main__":
    LIBCACHE_BENCH = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
