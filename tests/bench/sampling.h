// Timing operations of this process.
#pragma once

#include <array>
#include <functional>
#include <vector>

namespace bench {

using Operation = std::function<void()>;
using Samples = std::vector<double>;  // nanoseconds per operation

// Runs an operation `count` times; returns the nanoseconds of one.
double time_each(const Operation& operation, std::size_t count);

// Samples of A, of B and of A again, taken in random order within each round.
std::array<Samples, 3> compare(const Operation& a, const Operation& b, int rounds, unsigned seed);

// An operation that runs each of `operations` many times in its own thread; it takes as long as the slowest thread.
Operation side_by_side(std::vector<Operation> operations);

// Samples of put_later() of 4 KB to a cache in memory.
Samples sample_put_later(int rounds);

}  // namespace bench
