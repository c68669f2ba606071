# Static libraries that scripts/setup built exist on no other machine. A static libcache is installed together with them, and
# links them there under names of its own, so that they do not get in the way of a consumer's copies.
set(LLMCACHE_BUNDLED "")           # the names of the bundled libraries
set(LLMCACHE_BUNDLED_ARCHIVES "")  # their files
set(LLMCACHE_BUNDLED_LICENCES "")
set(LLMCACHE_NOT_BUNDLED "")       # the packages that a consumer of a static libcache finds by itself
set(LLMCACHE_BUNDLE "")            # what libcache links: all of these libraries
file(REAL_PATH .deps our_dependencies BASE_DIRECTORY ${PROJECT_SOURCE_DIR})

# llmcache_bundle(NAME TARGET LICENCE): the licence is relative to .deps/source.
function(llmcache_bundle name target licence)
  set(is_ours FALSE)
  get_target_property(imported ${target} IMPORTED)
  if(imported)
    get_target_property(archive ${target} LOCATION)
    file(REAL_PATH ${archive} archive)
    cmake_path(IS_PREFIX our_dependencies ${archive} is_ours)
  endif()
  if(is_ours AND NOT BUILD_SHARED_LIBS)
    list(APPEND LLMCACHE_BUNDLED ${name})
    list(APPEND LLMCACHE_BUNDLED_ARCHIVES ${archive})
    list(APPEND LLMCACHE_BUNDLED_LICENCES ${our_dependencies}/source/${licence})
    list(APPEND LLMCACHE_BUNDLE $<BUILD_INTERFACE:${target}> $<INSTALL_INTERFACE:libcache::${name}>)
  else()
    list(APPEND LLMCACHE_NOT_BUNDLED ${name})
    list(APPEND LLMCACHE_BUNDLE ${target})
  endif()
  return(PROPAGATE LLMCACHE_BUNDLED LLMCACHE_BUNDLED_ARCHIVES LLMCACHE_BUNDLED_LICENCES LLMCACHE_NOT_BUNDLED LLMCACHE_BUNDLE)
endfunction()
