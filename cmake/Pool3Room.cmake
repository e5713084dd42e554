# One room: a static library pool3::NAME of all sources in src/NAME and its folders; its doors are include/pool3/NAME.hpp and include/pool3/NAME/.
#   pool3_add_room(NAME ROOMS other ... LIBRARIES private third-party targets ... DOOR public ones ... WITHOUT folder ...)
function(pool3_add_room NAME)
  cmake_parse_arguments(ROOM "" "" "ROOMS;LIBRARIES;DOOR;WITHOUT" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.cpp)
  foreach(folder IN LISTS ROOM_WITHOUT)
    list(FILTER sources EXCLUDE REGEX "^${folder}/")
  endforeach()
  if(NOT sources)  # a door is all there is
    add_library(pool3_${NAME} INTERFACE)
    add_library(pool3::${NAME} ALIAS pool3_${NAME})
    target_include_directories(pool3_${NAME} INTERFACE ${PROJECT_SOURCE_DIR}/include)
    return()
  endif()
  add_library(pool3_${NAME} STATIC ${sources})
  add_library(pool3::${NAME} ALIAS pool3_${NAME})
  target_include_directories(pool3_${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ROOM_ROOMS PREPEND pool3::)
  target_link_libraries(pool3_${NAME} PUBLIC ${ROOM_ROOMS} ${ROOM_DOOR} PRIVATE pool3::options pool3_dep::fmt ${ROOM_LIBRARIES})
endfunction()

# Unit tests of a room: tests/unit/ROOM/*.cpp become one program, each TEST one CTest entry.
function(pool3_add_unit_tests ROOM)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${ROOM}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${ROOM} ${sources})
  target_link_libraries(test_${ROOM} PRIVATE pool3::${ROOM} pool3::options pool3_dep::gtest ${ARGN})
  target_include_directories(test_${ROOM} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_${ROOM} PRIVATE POOL3_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(test_${ROOM} TEST_PREFIX "unit.${ROOM}." NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${POOL3_TEST_SECONDS}
    ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
endfunction()

# A GoogleTest program that runs under mpirun, once for each number of ranks. One throwing rank fails the test.
#   pool3_add_mpi_test(NAME SOURCES ... ROOMS ... RANKS 1 2 4)
function(pool3_add_mpi_test NAME)
  cmake_parse_arguments(T "" "" "SOURCES;ROOMS;RANKS" ${ARGN})
  add_executable(mpi_${NAME} ${T_SOURCES} ${PROJECT_SOURCE_DIR}/tests/mpi/main.cpp)
  list(TRANSFORM T_ROOMS PREPEND pool3::)
  target_link_libraries(mpi_${NAME} PRIVATE pool3::mpi ${T_ROOMS} pool3::options pool3_dep::gtest)
  target_include_directories(mpi_${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  string(SHA1 place ${PROJECT_BINARY_DIR})
  string(SUBSTRING ${place} 0 8 place)
  foreach(ranks IN LISTS T_RANKS)
    # Two mpirun that begin or end at one instant fail over the folder that they share. Tests that run beside each other
    # would all be bound to the first cores.
    set(session /tmp/pool3-mpi-${place}-${NAME}-${ranks})
    add_test(NAME mpi.${NAME}.${ranks} COMMAND ${MPIEXEC_EXECUTABLE} --oversubscribe --bind-to none -n ${ranks} $<TARGET_FILE:mpi_${NAME}>)
    set_tests_properties(mpi.${NAME}.${ranks} PROPERTIES PROCESSORS ${ranks} TIMEOUT ${POOL3_TEST_SECONDS}
      ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMP_NUM_THREADS=1;OMPI_MCA_mpi_yield_when_idle=1;OMPI_MCA_orte_top_session_dir=${session}")
  endforeach()
endfunction()
