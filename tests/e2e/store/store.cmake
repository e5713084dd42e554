# The feature and model files, read by h5py as docs/format.md says.
if(NOT POOL3_PYTHON)
  set(POOL3_PYTHON /usr/bin/python3 CACHE FILEPATH "Python with numpy and h5py, for tests")
endif()
add_executable(store_sample ${CMAKE_CURRENT_LIST_DIR}/store_sample.cpp)
target_link_libraries(store_sample PRIVATE pool3::store pool3::options)
add_test(NAME e2e.store_h5py COMMAND ${POOL3_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/store_h5py.py
  ${MPIEXEC_EXECUTABLE} $<TARGET_FILE:store_sample> ${PROJECT_SOURCE_DIR}/README.md)
set_tests_properties(e2e.store_h5py PROPERTIES PROCESSORS 2 TIMEOUT 600
  ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMP_NUM_THREADS=1")
