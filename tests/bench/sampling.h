// Timing operations of this process.
#pragma once

#include <array>
#include <functional>
#include <vector>

namespace bench {

using Operation = std::function<void()>;
using Samples = std::vector<double>;  // nanoseconds an operation

// Runs an operation `count` times; nanoseconds each.
double time_each(const Operation& operation, std::size_t count);

// Samples of A, of B and of A again, taken in random order within each round.
std::array<Samples, 3> compare(const Operation& a, const Operation& b, int rounds, unsigned seed);

// An operation that does each of `operations` in a thread of its own, many times; its time is that of the slowest.
Operation side_by_side(std::vector<Operation> operations);

// Samples of handing an answer of 4 KB to the background writer of a cache in memory.
Samples sample_put_later(int rounds);

}  // namespace bench
