# Every third-party library, found in one place. `scripts/setup` installs them.
if(LLMCACHE_STATIC_DEPENDENCIES)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
  set(OPENSSL_USE_STATIC_LIBS ON)
endif()

find_package(Threads REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 3.34 REQUIRED)
find_package(double-conversion REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(tl-expected REQUIRED)
find_package(zstd REQUIRED)

include(fetch)
llmcache_fetch_hiredis()

find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)

# Debian's CMake file for double-conversion names only the shared library; the archive stands beside it.
set(LLMCACHE_DOUBLE_CONVERSION double-conversion::double-conversion)
if(LLMCACHE_STATIC_DEPENDENCIES)
  find_library(DOUBLE_CONVERSION_ARCHIVE libdouble-conversion.a)
  if(DOUBLE_CONVERSION_ARCHIVE)
    set(LLMCACHE_DOUBLE_CONVERSION $<BUILD_INTERFACE:${DOUBLE_CONVERSION_ARCHIVE}>
                                   $<INSTALL_INTERFACE:double-conversion::double-conversion>)
  endif()
endif()

if(LLMCACHE_STATIC_DEPENDENCIES AND TARGET zstd::libzstd_static)
  set(LLMCACHE_ZSTD zstd::libzstd_static)
else()
  set(LLMCACHE_ZSTD zstd::libzstd_shared)
endif()
