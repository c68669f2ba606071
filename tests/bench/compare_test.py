"""Tests of the statistics that scripts/bench uses."""
import unittest

import compare


class Statistics(unittest.TestCase):
    def test_the_estimate_of_equal_samples_is_exact(self):
        self.assertEqual(compare.estimate(compare.ratio_of_medians, [4.0] * 150, [2.0] * 150), compare.Estimate(2, 2, 2))

    def test_the_interval_holds_the_value_and_widens_with_the_noise(self):
        calm = compare.estimate(compare.ratio_of_medians, [100 + i % 3 for i in range(150)], [50] * 150)
        wild = compare.estimate(compare.ratio_of_medians, [100 + i % 70 for i in range(150)], [50] * 150)
        for found in (calm, wild):
            self.assertTrue(found.low <= found.value <= found.high)
        self.assertLess(calm.high - calm.low, wild.high - wild.low)

    def test_outliers_do_not_move_the_ratio(self):
        spoiled = [10.0] * 140 + [1e6] * 10
        self.assertEqual(compare.estimate(compare.ratio_of_medians, spoiled, [10.0] * 150).value, 1)


class Interleaving(unittest.TestCase):
    def test_every_round_measures_a_twice_and_b_once(self):
        calls = []
        a, b, again = compare.interleave(lambda n: calls.append(f"a{n}") or 1, lambda n: calls.append(f"b{n}") or 2, 20)
        self.assertEqual((a, b, again), ([1] * 20, [2] * 20, [1] * 20))
        for number in range(20):
            self.assertEqual(sorted(calls[3 * number:3 * number + 3]), [f"a{number}", f"a{number}", f"b{number}"])

    def test_the_order_changes_from_round_to_round(self):
        calls = []
        compare.interleave(lambda _: calls.append("a"), lambda _: calls.append("b"), 50, seed=1)
        self.assertGreater(len({tuple(calls[i:i + 3]) for i in range(0, 150, 3)}), 2)


class Processes(unittest.TestCase):
    def test_code_time_and_memory_are_the_childs(self):
        size = 64 << 20
        done = compare.run_process(["/usr/bin/python3", "-c", f"x = bytearray(b'x') * {size}; raise SystemExit(3)"])
        self.assertEqual(done.code, 3)
        self.assertGreater(done.seconds, 0)
        self.assertGreater(done.peak_bytes, size)

    def test_stdin_is_the_given_file(self):
        self.assertEqual(compare.run_process(["/usr/bin/grep", "-q", "measuring instrument"], stdin=__file__).code, 0)


if __name__ == "__main__":
    unittest.main()
