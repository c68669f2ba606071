// The operations that can be measured, by name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/sampling.h"
#include "bench/stored.h"

namespace bench {

struct Case {
  std::string name;
  // Prepares everything and returns the operation to measure. Called once per thread.
  std::function<Operation(Stored& stored)> prepare;
};

// Deriving a key; parsing and printing the request with a common JSON library.
std::vector<Case> key_cases();

// Hits; the same values with SQLite or hiredis alone.
std::vector<Case> hit_cases();

// Keeps the compiler from removing the computation of `value`.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

}  // namespace bench
