# What `cmake --install` installs: the program with its manual, and the library as a package for find_package and
# pkg-config. Nothing in it names the place where it was installed, so it can be moved.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libcache)

install(TARGETS llmcache COMPONENT program)
file(GLOB manual_1 CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.1)
file(GLOB manual_5 CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.5)
file(GLOB manual_3 CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.3)
install(FILES ${manual_1} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${manual_5} DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT program)
install(FILES ${manual_3} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT library)

# The program writes its completions itself, from its tables.
set(completions ${PROJECT_BINARY_DIR}/completions)
file(MAKE_DIRECTORY ${completions})
foreach(shell IN ITEMS bash zsh fish)
  install(CODE "execute_process(COMMAND $<TARGET_FILE:llmcache> completion ${shell}
                OUTPUT_FILE ${completions}/${shell} COMMAND_ERROR_IS_FATAL ANY)" COMPONENT program)
endforeach()
install(FILES ${completions}/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME llmcache
        COMPONENT program)
install(FILES ${completions}/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _llmcache COMPONENT program)
install(FILES ${completions}/fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME llmcache.fish
        COMPONENT program)

install(TARGETS libcache EXPORT libcacheTargets COMPONENT library)
install(DIRECTORY libcache/include/ ${PROJECT_BINARY_DIR}/libcache/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN *.h)
install(EXPORT libcacheTargets NAMESPACE libcache:: DESTINATION ${package_dir} COMPONENT library)

if(BUILD_SHARED_LIBS)
  # The program finds the library beside it, and the library keeps the archives that it was linked with to itself.
  file(RELATIVE_PATH bin_to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(llmcache PROPERTIES INSTALL_RPATH $ORIGIN/${bin_to_lib})
  target_link_options(libcache PRIVATE LINKER:--exclude-libs,ALL)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # An archive that other compilers can link as well.
  target_compile_options(libcache PRIVATE $<$<BOOL:${CMAKE_INTERPROCEDURAL_OPTIMIZATION}>:-ffat-lto-objects>)
endif()

# A hiredis that scripts/setup had to build is on no other machine: a static libcache brings it along.
set(pc_bundled "")
get_target_property(hiredis_is_imported hiredis::hiredis IMPORTED)
if(hiredis_is_imported AND NOT BUILD_SHARED_LIBS)
  get_target_property(hiredis_archive hiredis::hiredis LOCATION)
  file(REAL_PATH ${hiredis_archive} hiredis_archive)
  file(REAL_PATH .deps our_dependencies BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
  cmake_path(IS_PREFIX our_dependencies ${hiredis_archive} hiredis_is_ours)
  if(hiredis_is_ours)
    install(FILES ${hiredis_archive} DESTINATION ${CMAKE_INSTALL_LIBDIR}/libcache COMPONENT library)
    set(pc_bundled "\${libdir}/libcache/libhiredis.a")
  endif()
endif()

configure_package_config_file(cmake/libcacheConfig.cmake.in libcacheConfig.cmake INSTALL_DESTINATION ${package_dir}
                              PATH_VARS CMAKE_INSTALL_LIBDIR NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(libcacheConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/libcacheConfig.cmake ${PROJECT_BINARY_DIR}/libcacheConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT library)

# An archive can only be linked together with what it needs; a shared library has that already.
set(pc_requires "")
set(pc_libs "")
if(NOT BUILD_SHARED_LIBS)
  set(pc_requires "double-conversion libcrypto libssl libzstd simdjson sqlite3")
  if(NOT pc_bundled)
    string(APPEND pc_requires " hiredis")
  endif()
  set(pc_libs "${pc_bundled} -pthread -lm")
endif()
file(RELATIVE_PATH pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/libcache.pc.in libcache.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libcache.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
