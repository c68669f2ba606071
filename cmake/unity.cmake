# Where several files are compiled as one (CMAKE_UNITY_BUILD), they are those of one folder: a file that is added to another
# folder changes nothing, and only the anonymous namespaces of one folder meet.
function(llmcache_unite_folders target)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "unity_${folder}" group)
    set_property(SOURCE ${source} PROPERTY UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()
