"""Phrases that readers could not understand do not come back: in comments, messages, help, man pages, names and documents."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What not to write, and what to write in its place.
WORDS = {
    r"answered what it was not asked": "sent an unexpected reply",
    r"answered \S+ with something else": "sent a malformed reply",
    r"redirects to nowhere": "sent an invalid redirection",
    r"what is not a reply": "invalid RESP data",
    r"nobody knows to whom": "the server's identity is not verified",
    r"does not tell the time": "did not answer TIME",
    r"of which it holds a part only": "which holds only part of the keys",
    r"folds it in": "will checkpoint the log",
    r"is not there yet": "does not exist yet",
    r"memory is short": "out of memory",
    r"cannot be told": "cannot determine",
    r"string without an end": "unterminated string",
    r"no JSON text": "not valid JSON",
    r"not to be had": "not available",
    r"need not prove who": "the certificate is not verified",
    r"cannot stand in": "cannot be set in",
    r"stands? behind": "comes after",
    r"who shares answers": "namespace within which answers are shared",
    r"as good as none": "counts as unset",
    r"(?<!there[^a-z])is no (?!(?:longer|deeper|larger|more|less|newer|older|way)\b)[a-z]+": "is not a ...",
    r"are no (?:UTF-8|JSON|member|reply|text|entry|answer)": "are not ...",
    r"come by": "where it came from",
    r"in the making": "while it arrives",
    r"\b[Ww]hoever\b": "callers that",
    r"\bwhat (?:is|stands) (?:there|stored|queued|expired)\b": "name the thing",
    r"\bstands? (?:at the front|in (?:the|an|a) (?:entry|file)|in brackets)\b": "is ...",
    r"\b(?:was|were|is|are|if|than it was|unless) told (?:to|so|otherwise)\b": "if the option says so",
    r"\bhand(?:s|ed)? (?:through|on everything)\b": "return, pass on",
    r"without a word about": "by default",
    r"lets? go of": "releases",
    r"[Aa] mended bug": "every bug fix",
    r"a power of stores|without that power": "an optional capability",
    r"goes? without saying": "is implied",
    r"\b(?:Journey|Errand|Trial|Tally|untraced)\b": "a standard term",
}
# Data, and this list.
EXCLUDED = re.compile(r"(tests/golden/|tests/fuzz/corpus/|tests/rules/words_test\.py|CHANGELOG\.md|LICENSE)")


def found_in(text):
    for words, better in WORDS.items():
        for match in re.finditer(words.replace(" ", r"\s+(?:(?://+|#)\s*)?"), text):
            yield f"{text.count(chr(10), 0, match.start()) + 1}: '{match[0]}': write '{better}'"


def found_below(root, files):
    return [f"{file}:{problem}" for file in files if not EXCLUDED.match(file)
            for problem in found_in(pathlib.Path(root, file).read_text(encoding="utf-8", errors="replace"))]


class Words(unittest.TestCase):
    def test_nothing_reads_like_a_riddle(self):
        files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
        self.assertTrue(files)
        self.assertEqual(found_below(ROOT, [file for file in files if (ROOT / file).is_file()]), [])

    def test_a_phrase_is_found_across_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "a.cpp").write_text("// the rest is not\n// to be had\n", encoding="utf-8")
            self.assertEqual(len(found_below(folder, ["a.cpp"])), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
