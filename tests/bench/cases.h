// What can be measured, by name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/sampling.h"
#include "bench/stored.h"

namespace bench {

struct Case {
  std::string name;
  // Makes everything ready and gives the operation to be measured. Asked once for each thread.
  std::function<Operation(Stored& stored)> prepare;
};

// Deriving a key, and what parsing and printing the request costs with a common JSON library.
std::vector<Case> key_cases();

// Hits, and what the same values cost with SQLite or hiredis alone.
std::vector<Case> hit_cases();

// Keeps the compiler from leaving out what makes `value`.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

}  // namespace bench
