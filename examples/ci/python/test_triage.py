import unittest

from triage import classify, reply


class Triage(unittest.TestCase):
    def test_a_crash_is_a_bug(self):
        self.assertEqual(classify("The app closes when I open a photo."), "bug")

    def test_a_question_is_a_question(self):
        self.assertEqual(classify("Can I use the app on two phones?"), "question")

    def test_a_reply_arrives_in_pieces(self):
        pieces = list(reply("Can I use the app on two phones?"))
        self.assertGreater(len(pieces), 1)
        self.assertRegex("".join(pieces), "^Yes, ")


if __name__ == "__main__":
    unittest.main()
