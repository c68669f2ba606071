"""Measures two things against each other on a noisy machine.

A and B are measured in rounds, each in random order, and A a second time in every round: what A against A says is what
the machine adds by itself. Ratios are of medians, with a bootstrap interval of 95 % over the rounds.
"""
import dataclasses
import os
import random
import statistics
import time

BOOTSTRAPS = 1000


@dataclasses.dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float


def estimate(statistic, left, right, seed=0):
    """`statistic` of paired samples, with the interval that holds 95 % of its values for resampled pairs."""
    chance = random.Random(seed)
    rounds = range(len(left))
    resampled = []
    for _ in range(BOOTSTRAPS):
        chosen = chance.choices(rounds, k=len(left))
        resampled.append(statistic([left[i] for i in chosen], [right[i] for i in chosen]))
    resampled.sort()
    return Estimate(statistic(left, right), resampled[int(0.025 * BOOTSTRAPS)], resampled[int(0.975 * BOOTSTRAPS) - 1])


def ratio_of_medians(left, right):
    return statistics.median(left) / statistics.median(right)


def difference_of_medians(left, right):
    return statistics.median(left) - statistics.median(right)


def interleave(measure_a, measure_b, rounds, seed=None):
    """Samples of A, of B and of A again, from calls in random order within each round."""
    chance = random.Random(seed)
    samples = ([], [], [])
    for number in range(rounds):
        order = [0, 1, 2]
        chance.shuffle(order)
        for which in order:
            samples[which].append((measure_b if which == 1 else measure_a)(number))
    return samples


@dataclasses.dataclass(frozen=True)
class Process:
    seconds: float
    code: int
    peak_bytes: int


def run_process(command, stdin="/dev/null", environment=None):
    """Runs a program (an absolute path and its arguments) and discards its output."""
    files = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    begin = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, os.environ if environment is None else environment, file_actions=files)
    _, status, usage = os.wait4(pid, 0)
    seconds = (time.perf_counter_ns() - begin) / 1e9
    return Process(seconds, os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)


def first_byte(command, stdin="/dev/null", environment=None):
    """Runs a program like run_process and returns the seconds until its first byte of output."""
    reader, writer = os.pipe()
    files = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, writer, 1)]
    begin = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, os.environ if environment is None else environment, file_actions=files)
    os.close(writer)
    with open(reader, "rb", buffering=0) as output:
        output.read(1)
        seconds = (time.perf_counter_ns() - begin) / 1e9
        output.readall()
    os.waitpid(pid, 0)
    return seconds
