# The network input of each profile against Pillow, torchvision and NumPy.
add_executable(pool3_profiles_dump ${CMAKE_CURRENT_LIST_DIR}/profiles_dump.cpp)
target_link_libraries(pool3_profiles_dump PRIVATE pool3::image pool3::options)
add_test(NAME e2e.image.profiles COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/profiles.py
  --dump $<TARGET_FILE:pool3_profiles_dump>)
set_tests_properties(e2e.image.profiles PROPERTIES TIMEOUT 600 ENVIRONMENT "OMP_NUM_THREADS=1")
