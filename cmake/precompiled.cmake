# Standard headers cost half of the time that a file takes to compile. With LLMCACHE_PRECOMPILED_HEADERS they are compiled once
# per target. The preset `quick` does without: a compiler cache serves it, and it finds files that lack an include.
set(LLMCACHE_COMMON_HEADERS
    <algorithm> <array> <chrono> <compare> <cstddef> <cstdint> <functional> <map> <memory> <mutex> <optional> <span> <string>
    <string_view> <utility> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)

# llmcache_precompile_headers(TARGET [HEADER...]): the common headers and these.
# llmcache_precompile_headers(TARGET FROM OTHER): what was compiled for another target with the same options.
function(llmcache_precompile_headers target)
  if(NOT LLMCACHE_PRECOMPILED_HEADERS)
    return()
  endif()
  if(ARGV1 STREQUAL FROM)
    target_precompile_headers(${target} REUSE_FROM ${ARGV2})
  else()
    target_precompile_headers(${target} PRIVATE ${LLMCACHE_COMMON_HEADERS} ${ARGN})
  endif()
endfunction()
