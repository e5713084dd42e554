# One room: a static library pool3::NAME from src/NAME, whose door is include/pool3.
#   pool3_add_room(NAME SOURCES a.cpp ... ROOMS other ... LIBRARIES private third-party targets ... DOOR public ones ...)
function(pool3_add_room NAME)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ROOMS;LIBRARIES;DOOR" ${ARGN})
  add_library(pool3_${NAME} STATIC ${ROOM_SOURCES})
  add_library(pool3::${NAME} ALIAS pool3_${NAME})
  target_include_directories(pool3_${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ROOM_ROOMS PREPEND pool3::)
  target_link_libraries(pool3_${NAME} PUBLIC ${ROOM_ROOMS} ${ROOM_DOOR} PRIVATE pool3::options ${ROOM_LIBRARIES})
endfunction()

# Unit tests of a room: tests/unit/ROOM_*.cpp become one program, each TEST one CTest entry.
function(pool3_add_unit_tests ROOM)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${ROOM}_*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${ROOM} ${sources})
  target_link_libraries(test_${ROOM} PRIVATE pool3::${ROOM} pool3::options pool3_dep::gtest ${ARGN})
  target_include_directories(test_${ROOM} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_${ROOM} PRIVATE POOL3_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(test_${ROOM} TEST_PREFIX "unit.${ROOM}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${POOL3_TEST_SECONDS}
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
  foreach(ranks IN LISTS T_RANKS)
    add_test(NAME mpi.${NAME}.${ranks} COMMAND ${MPIEXEC_EXECUTABLE} --oversubscribe -n ${ranks} $<TARGET_FILE:mpi_${NAME}>)
    set_tests_properties(mpi.${NAME}.${ranks} PROPERTIES PROCESSORS ${ranks} TIMEOUT ${POOL3_TEST_SECONDS}
      ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMP_NUM_THREADS=1")
  endforeach()
endfunction()
