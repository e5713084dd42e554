# Features against torchvision's own Inception-v3, fed with the original weights that another reader loads.
add_executable(pool3_network_dump ${CMAKE_CURRENT_LIST_DIR}/network_dump.cpp)
target_link_libraries(pool3_network_dump PRIVATE pool3::network pool3::options)
set_target_properties(pool3_network_dump PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)  # beside its module
set(POOL3_NSFWJS ${PROJECT_SOURCE_DIR}/weights/nsfwjs/dist/models/inception_v3 CACHE PATH "Folder of the original TFJS layers model, as its package has it")
add_test(NAME e2e.network.torchvision
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/network_vs_torchvision.py
    --dump $<TARGET_FILE:pool3_network_dump> --original "${POOL3_NSFWJS}" --unwrapped ${PROJECT_SOURCE_DIR}/weights/nsfwjs-tfjs
    --weights ${PROJECT_SOURCE_DIR}/weights/inception_v3.safetensors)
set_tests_properties(e2e.network.torchvision PROPERTIES TIMEOUT 3600 ENVIRONMENT "OMP_NUM_THREADS=2")

# Every format of weights, in files made by torch, h5py and by hand.
foreach(format torch graphdef keras)
  add_test(NAME e2e.weights_formats.${format}
    COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/weights_formats.py --pool3 $<TARGET_FILE:pool3>
      --dump $<TARGET_FILE:pool3_network_dump> ${format})
  set_tests_properties(e2e.weights_formats.${format} PROPERTIES LABELS e2e PROCESSORS 2 TIMEOUT 600 ENVIRONMENT "OMP_NUM_THREADS=2")
endforeach()
