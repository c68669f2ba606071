# What `cmake --install` installs: the library as a package for find_package and pkg-config, and the program with its manual.
# Nothing in it names the place where it was installed, so it can be moved. A project that embeds libcache and installs a
# target that links it installs the library with it.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libcache)
set(licence_dir ${CMAKE_INSTALL_DATADIR}/licenses/libcache)

install(TARGETS libcache EXPORT libcacheTargets COMPONENT library)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/libcache/include/ ${PROJECT_BINARY_DIR}/libcache/include/
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN *.h)
install(EXPORT libcacheTargets NAMESPACE libcache:: DESTINATION ${package_dir} COMPONENT library)
install(FILES ${PROJECT_SOURCE_DIR}/man/libcache.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT library)

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${licence_dir} COMPONENT library)
if(LLMCACHE_BUNDLED)
  foreach(name archive licence IN ZIP_LISTS LLMCACHE_BUNDLED LLMCACHE_BUNDLED_ARCHIVES LLMCACHE_BUNDLED_LICENCES)
    install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR}/libcache RENAME libcache-${name}.a COMPONENT library)
    install(FILES ${licence} DESTINATION ${licence_dir} RENAME LICENSE.${name} COMPONENT library)
  endforeach()
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/libcacheConfig.cmake.in libcacheConfig.cmake
                              INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_LIBDIR
                              NO_CHECK_REQUIRED_COMPONENTS_MACRO)
configure_file(${CMAKE_CURRENT_LIST_DIR}/libcacheConfigVersion.cmake.in libcacheConfigVersion.cmake @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libcacheConfig.cmake ${PROJECT_BINARY_DIR}/libcacheConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT library)

# tl-expected has no file for pkg-config everywhere: its folder is named instead, and pkg-config drops it if it is the system's.
get_target_property(tl_expected_include tl::expected INTERFACE_INCLUDE_DIRECTORIES)
list(REMOVE_DUPLICATES tl_expected_include)
list(TRANSFORM tl_expected_include PREPEND -I OUTPUT_VARIABLE pc_cflags)
list(JOIN pc_cflags " " pc_cflags)
# An archive can only be linked together with what it needs; a shared library already contains or loads it.
set(pc_requires "")
set(pc_libs "")
if(NOT BUILD_SHARED_LIBS)
  list(JOIN LLMCACHE_NOT_BUNDLED " " pc_requires)
  string(APPEND pc_requires " libssl libcrypto libzstd sqlite3 zlib")
  # By -L and -l, because pkg-config does not escape a space in the name of a file.
  list(TRANSFORM LLMCACHE_BUNDLED PREPEND -lcache- OUTPUT_VARIABLE pc_libs)
  if(LLMCACHE_BUNDLED)
    list(PREPEND pc_libs "-L\${libdir}/libcache")
  endif()
  list(APPEND pc_libs -ldouble-conversion -pthread -lm)
  list(JOIN pc_libs " " pc_libs)
endif()
file(RELATIVE_PATH pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${CMAKE_CURRENT_LIST_DIR}/libcache.pc.in libcache.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libcache.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)

if(NOT LLMCACHE_PROGRAM)
  return()
endif()

# The folder of a program, from which it finds the library when it is moved.
function(llmcache_install_program name folder)
  install(TARGETS ${name} RUNTIME DESTINATION ${folder} COMPONENT program)
  if(BUILD_SHARED_LIBS)
    file(RELATIVE_PATH to_lib /${folder} /${CMAKE_INSTALL_LIBDIR})
    set_target_properties(${name} PROPERTIES INSTALL_RPATH $ORIGIN/${to_lib})
  endif()
endfunction()
llmcache_install_program(llmcache ${CMAKE_INSTALL_BINDIR})
if(LLMCACHE_BUILDS_SERVE)
  llmcache_install_program(llmcache-serve ${CMAKE_INSTALL_LIBEXECDIR}/llmcache)
endif()
foreach(section IN ITEMS 1 5)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT program)
endforeach()

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
