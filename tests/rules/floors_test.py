"""The includes of the library follow the rules, and scripts/check-floors finds each kind of violation."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = ROOT / "scripts" / "check-floors"


def check(root):
    done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def check_tree(files):
    """Checks a source tree made of {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return check(folder)


class Floors(unittest.TestCase):
    def accepted(self, path, text):
        self.assertEqual(check_tree({path: text}), (0, ""))

    def rejected(self, path, text, reason):
        code, output = check_tree({path: text})
        self.assertEqual(code, 1)
        self.assertIn(reason, output)

    def test_hold_in_this_repository(self):
        self.assertEqual(check(ROOT), (0, ""))

    def test_a_floor_sees_itself_and_lower_ones(self):
        self.accepted("libcache/src/store/a.cpp", '#include "store/b.h"\n#include "text/c.h"\n#include <libcache/store.h>\n')

    def test_a_floor_does_not_see_higher_ones(self):
        self.rejected("libcache/src/text/a.cpp", '\n#include "key/b.h"\n', "a.cpp:2: key/b.h: text must not include key")
        self.rejected("libcache/src/base/a.h", "#include <libcache/key.h>", "base must not include key")

    def test_floors_of_the_same_height_do_not_include_each_other(self):
        self.rejected("libcache/src/store/a.cpp", '#include "entry/b.h"', "store must not include entry")
        self.rejected("libcache/src/entry/a.cpp", "#  include <libcache/store.h>", "entry must not include store")

    def test_some_folders_of_a_floor_do_not_include_others(self):
        self.accepted("libcache/src/store/redis/store.cpp", '#include "store/redis/routing/route.h"')
        self.rejected("libcache/src/store/redis/wire/a.cpp", '#include "store/redis/routing/route.h"',
                     "store/redis/wire must not include store/redis/routing")
        self.rejected("libcache/src/store/redis/routing/a.cpp", '#include "store/redis/scan.h"',
                     "store/redis/routing must not include store/redis")
        self.rejected("libcache/src/store/redis/doctor/a.cpp", '#include "store/redis/scan.h"',
                     "store/redis/doctor must not include store/redis")
        self.rejected("libcache/src/store/sqlite/a.cpp", '#include "store/redis/wire/reply.h"',
                     "store/sqlite must not include store/redis/wire")

    def test_installed_headers_have_floors_too(self):
        self.accepted("libcache/include/libcache/cache.h", "#include <libcache/key.h>\n#include <string_view>\n")
        self.rejected("libcache/include/libcache/key.h", "#include <libcache/entry.h>", "key must not include entry")

    def test_every_file_has_a_floor(self):
        self.rejected("libcache/include/libcache/new.h", "", "new.h: has no floor")
        self.rejected("libcache/src/cellar/a.cpp", "", "a.cpp: has no floor")

    def test_programs_include_only_installed_headers(self):
        self.accepted("apps/llmcache/a.cpp", '#include "ui/report.h"\n#include <libcache/cache.h>\n#include <fmt/format.h>\n')
        self.rejected("apps/llmcache/a.cpp", '#include "base/hex.h"', "programs include only installed headers")
        self.rejected("examples/a.cpp", '#include "store/sqlite.h"', "programs include only installed headers")

    def test_installed_headers_include_no_third_party_headers(self):
        self.accepted("libcache/include/libcache/result.h", "#include <tl/expected.hpp>")
        self.rejected("libcache/include/libcache/result.h", "#include <fmt/format.h>", "installed headers include only")
        self.rejected("libcache/include/libcache/store.h", "#include <sqlite3.h>", "installed headers include only")

    def test_hash_headers_have_one_includer(self):
        self.accepted("libcache/src/base/hash.cpp", "#include <xxhash.h>\n#include <openssl/sha.h>\n")
        self.rejected("libcache/src/key/a.cpp", "#include <xxhash.h>", "only libcache/src/base/hash.cpp may include it")
        self.rejected("apps/llmcache/a.cpp", "#include <openssl/sha.h>", "only libcache/src/base/hash.cpp")

    def test_includes_name_their_whole_path(self):
        self.rejected("libcache/src/key/a.cpp", '#include "b.h"', "write its path")

    def test_a_tree_without_sources_fails(self):
        self.assertEqual(check_tree({"README.md": ""})[0], 1)


if __name__ == "__main__":
    unittest.main()
