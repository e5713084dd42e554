# A target for the decoder of each picture format. Its seeds are the pictures of tests/data/images, and what was found
# before, in corpus/image_FORMAT.
foreach(format jpeg:jpg png:png webp:webp gif:gif bmp:bmp tiff:tif pnm:p?m ico:ico tga:tga)
  string(REPLACE ":" ";" format ${format})
  list(POP_BACK format suffix)
  set(name image_${format})
  file(GLOB seeds CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/data/images/*.${suffix}
    ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}/*)
  file(COPY ${seeds} DESTINATION ${CMAKE_CURRENT_BINARY_DIR}/corpus/${name})
  pool3_add_fuzz_target(${name} targets/image/decoder.cpp image ${CMAKE_CURRENT_BINARY_DIR}/corpus/${name})
  target_compile_definitions(fuzz_${name} PRIVATE POOL3_DECODER=decode_${format})
endforeach()
