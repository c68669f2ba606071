# Every third-party library, found in one place. `scripts/setup` installs them.
if(LLMCACHE_STATIC_DEPENDENCIES)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
  set(OPENSSL_USE_STATIC_LIBS ON)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 3.34 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(tl-expected REQUIRED)
find_package(zstd REQUIRED)
find_package(ZLIB REQUIRED)
if(LLMCACHE_PROGRAM OR LLMCACHE_BENCHMARKS)
  find_package(CLI11 REQUIRED)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/fetch.cmake)
llmcache_fetch_hiredis()

find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)

# Not with find_package: Debian's CMake file knows only the shared library.
find_library(DOUBLE_CONVERSION_LIBRARY double-conversion REQUIRED)
find_path(DOUBLE_CONVERSION_INCLUDE_DIR double-conversion/double-conversion.h REQUIRED)

if(LLMCACHE_STATIC_DEPENDENCIES AND TARGET zstd::libzstd_static)
  set(LLMCACHE_ZSTD zstd::libzstd_static)
else()
  set(LLMCACHE_ZSTD zstd::libzstd_shared)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/bundle.cmake)
llmcache_bundle(fmt fmt::fmt fmtlib/LICENSE.rst)
llmcache_bundle(hiredis hiredis::hiredis hiredis/COPYING)
llmcache_bundle(simdjson simdjson::simdjson simdjson/LICENSE)

# Sets LLMCACHE_BUILDS_SERVE: whether `llmcache serve` is built.
set(LLMCACHE_BUILDS_SERVE OFF)
if(LLMCACHE_PROGRAM AND LLMCACHE_SERVE)
  set(required REQUIRED)
  if(LLMCACHE_SERVE STREQUAL AUTO)
    set(required QUIET)
  endif()
  # Beast and Asio are headers. Of libcurl Debian has no archive that is complete by itself.
  set(suffixes ${CMAKE_FIND_LIBRARY_SUFFIXES})
  set(CMAKE_FIND_LIBRARY_SUFFIXES .so)
  find_package(Boost 1.74 ${required})
  find_package(CURL 7.85 ${required})
  # Optional: the server frees most memory on another thread than that which allocated it. An archive would not serve the
  # shared libraries.
  find_library(LLMCACHE_TCMALLOC tcmalloc_minimal)
  mark_as_advanced(LLMCACHE_TCMALLOC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES ${suffixes})
  if(Boost_FOUND AND CURL_FOUND)
    set(LLMCACHE_BUILDS_SERVE ON)
  else()
    message(STATUS "llmcache serve is left out: it needs Boost 1.74 and libcurl 7.85")
  endif()
endif()
