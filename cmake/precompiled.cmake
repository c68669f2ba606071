# Standard headers cost half of the time that a file takes to compile. With LLMCACHE_PRECOMPILED_HEADERS they are compiled once
# per target. `scripts/tidy` does without, and finds files that lack an include.
set(LLMCACHE_COMMON_HEADERS
    <algorithm> <array> <chrono> <compare> <cstddef> <cstdint> <functional> <map> <memory> <mutex> <optional> <span> <string>
    <string_view> <utility> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)

# llmcache_precompile_headers(TARGET [HEADER...] [CLANG HEADER...]): the common headers, these, and with clang those after CLANG.
# clang reads only what a file uses of a precompiled header, but g++ all of it, so that headers for a few files slow the others down.
# llmcache_precompile_headers(TARGET FROM OTHER): what was compiled for another target with the same options.
function(llmcache_precompile_headers target)
  if(NOT LLMCACHE_PRECOMPILED_HEADERS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 headers "" "FROM" "CLANG")
  if(headers_FROM)
    target_precompile_headers(${target} REUSE_FROM ${headers_FROM})
    return()
  endif()
  target_precompile_headers(${target} PRIVATE ${LLMCACHE_COMMON_HEADERS} ${headers_UNPARSED_ARGUMENTS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    target_precompile_headers(${target} PRIVATE ${headers_CLANG})
  endif()
endfunction()
