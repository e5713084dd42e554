# Language level, compiler cache and warnings. `-march` is not set: the build must run on every node of a
# cluster; hot loops choose at run time.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)  # clusters keep libraries in odd places
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # sloppiness: what ccache needs to work with precompiled headers
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

add_library(pool3_options INTERFACE)
add_library(pool3::options ALIAS pool3_options)
target_compile_options(pool3_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-align -Woverloaded-virtual -Wdouble-promotion -Wformat -Wformat-security -Wimplicit-fallthrough
  -Wno-missing-field-initializers  # designated initialisers leave fields out on purpose
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # false alarms of GCC 12 on std::string
if(POOL3_WERROR)
  target_compile_options(pool3_options INTERFACE -Werror)
endif()
set(POOL3_TEST_SECONDS 300)  # that a unit test may take
if(POOL3_SANITIZE)
  set(POOL3_TEST_SECONDS 1500)
  add_compile_options(-fsanitize=${POOL3_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${POOL3_SANITIZE})
endif()
if(POOL3_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
