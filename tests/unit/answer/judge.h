// The verdict on an answer, and two events that several tests of streams use.
#pragma once

#include <libcache/answer.h>

#include <catch2/catch_test_macros.hpp>
#include <string_view>

namespace support {

// Checks too that a reason is given exactly if the answer is not complete.
inline libcache::Completeness judge(std::string_view bytes, const libcache::AnswerFacts& facts = {}) {
  const libcache::Verdict verdict = libcache::judge_answer(bytes, facts);
  CHECK(verdict.reason.empty() == (verdict.completeness == libcache::Completeness::complete));
  return verdict.completeness;
}

constexpr auto kWord = R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})";
constexpr auto kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

}  // namespace support
