// What can be measured, by name.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/sampling.h"

namespace bench {

struct Case {
  std::string name;
  // Makes everything ready and gives the operation to be measured. `database` was filled by fill_database().
  std::function<Operation(const std::filesystem::path& database)> prepare;
};

// Deriving a key, and what parsing and printing the request costs with a common JSON library.
std::vector<Case> key_cases();

// A hit, and what the same rows cost with SQLite alone.
std::vector<Case> hit_cases();

// Keeps the compiler from leaving out what makes `value`.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

}  // namespace bench
