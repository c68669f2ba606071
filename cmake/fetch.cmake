# hiredis and Catch2: those of the system or of scripts/setup if they are new enough; otherwise they are downloaded. The archives
# are the upstream archives of Debian's source packages.
include(FetchContent)
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # the variables below set the options of these projects

FetchContent_Declare(hiredis SYSTEM
  URL https://github.com/redis/hiredis/archive/refs/tags/v1.2.0.tar.gz
  URL_HASH SHA256=82ad632d31ee05da13b537c124f819eb88e18851d9cb0c30ae0552084811588c
  SOURCE_DIR ${FETCHCONTENT_BASE_DIR}/include/hiredis
  FIND_PACKAGE_ARGS 1.2)
FetchContent_Declare(Catch2 SYSTEM
  URL https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz
  URL_HASH SHA256=c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c
  FIND_PACKAGE_ARGS 3)

# Provides hiredis::hiredis. Its headers are included as <hiredis/...>, as if it were installed.
macro(llmcache_fetch_hiredis)
  block()
    set(BUILD_SHARED_LIBS OFF)
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    set(DISABLE_TESTS ON)
    FetchContent_MakeAvailable(hiredis)
    if(hiredis_SOURCE_DIR)
      target_include_directories(hiredis SYSTEM INTERFACE $<BUILD_INTERFACE:${hiredis_SOURCE_DIR}/..>)
    endif()
  endblock()
endmacro()

# Provides Catch2::Catch2WithMain and the module Catch.
macro(llmcache_fetch_catch2)
  FetchContent_MakeAvailable(Catch2)
  if(catch2_SOURCE_DIR)
    list(APPEND CMAKE_MODULE_PATH ${catch2_SOURCE_DIR}/extras)
  endif()
endmacro()
