// What tests ask of a diagnosis.
#pragma once

#include <libcache/diagnosis.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

namespace libcache::test {

inline Finding::Grade worst(const std::vector<Finding>& findings) {
  return std::ranges::max(findings, {}, &Finding::grade).grade;
}

// The first finding of a check that is not a pass, or else the first.
inline Finding finding_on(const std::vector<Finding>& findings, const std::string& check) {
  const auto worse = std::ranges::find_if(
      findings, [&](const Finding& each) { return each.check == check && each.grade != Finding::Grade::pass; });
  if (worse != findings.end()) return *worse;
  const auto any = std::ranges::find(findings, check, &Finding::check);
  REQUIRE(any != findings.end());
  return *any;
}

}  // namespace libcache::test
