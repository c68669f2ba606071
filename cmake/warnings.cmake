# Warnings and sanitizers of our own targets. A project that embeds libcache gets neither.
add_library(llmcache_build_flags INTERFACE)
target_compile_options(llmcache_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wunused -Wformat=2
  # g++ 12 has false warnings about every "literal" + string when it optimises (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-stringop-overflow;-Wno-array-bounds>
  # A unity build includes each .cpp, and then types without linkage look as if they were in a header.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>
  $<$<BOOL:${LLMCACHE_WERROR}>:-Werror>)
if(LLMCACHE_FUZZERS)
  # So that a fuzzer sees which branches of the code under test its input takes.
  target_compile_options(llmcache_build_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(llmcache_build_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(LLMCACHE_SANITIZE)
  target_compile_options(llmcache_build_flags INTERFACE
    -fsanitize=${LLMCACHE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # The check of vptr opens a pipe, and takes every object for a wrong one when no descriptor is left.
    -fno-sanitize=vptr)
  target_link_options(llmcache_build_flags INTERFACE -fsanitize=${LLMCACHE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang AND LLMCACHE_SANITIZE MATCHES address)
    # A shared runtime, as g++ has it, so that a library such as faketime can be preloaded before it.
    set(runtime libclang_rt.asan-${CMAKE_SYSTEM_PROCESSOR}.so)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${runtime} OUTPUT_VARIABLE runtime
                    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    cmake_path(GET runtime PARENT_PATH runtime)
    target_link_options(llmcache_build_flags INTERFACE -shared-libasan -Wl,-rpath,${runtime})
  endif()
endif()
