"""A folder of the sources holds at most 20 files, and no file repeats the name of its folder."""
import pathlib
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_FILES = 20


def problems(root):
    found = []
    for folder in sorted({file.parent for top in ("libcache/src", "apps") for file in (root / top).rglob("*.*")}):
        files = [file for file in folder.iterdir() if file.is_file()]
        if len(files) > MOST_FILES:
            found.append(f"{folder.relative_to(root)}: {len(files)} files")
        found += [str(file.relative_to(root)) for file in files
                  if file.stem == folder.name or file.stem.startswith(folder.name + "_")]
    return found


class Folders(unittest.TestCase):
    def test_hold_few_files_with_names_of_their_own(self):
        self.assertEqual(problems(ROOT), [])

    def test_each_problem_is_found(self):
        with tempfile.TemporaryDirectory() as root:
            folder = pathlib.Path(root, "libcache", "src", "key")
            folder.mkdir(parents=True)
            for number in range(MOST_FILES):
                (folder / f"{number}.h").touch()
            (folder / "key_names.h").touch()
            self.assertEqual(problems(pathlib.Path(root)), ["libcache/src/key: 21 files", "libcache/src/key/key_names.h"])


if __name__ == "__main__":
    unittest.main()
