# Manual pages, made by help2man from what the built program prints, and completion for bash.
install(FILES ${PROJECT_SOURCE_DIR}/packaging/pool3.bash-completion DESTINATION share/bash-completion/completions RENAME pool3)

# The program must run here as it will run elsewhere.
if(CMAKE_CROSSCOMPILING OR POOL3_SANITIZE OR POOL3_FUZZ)
  return()
endif()
find_program(HELP2MAN help2man)
if(NOT HELP2MAN)
  message(STATUS "help2man not found: no manual pages")
  return()
endif()
set(POOL3_MANUAL ${PROJECT_BINARY_DIR}/man)
file(MAKE_DIRECTORY ${POOL3_MANUAL})  # so that `cmake --install` finds it after a build of some targets
add_custom_command(OUTPUT ${POOL3_MANUAL}/pool3.1
  COMMAND ${PROJECT_SOURCE_DIR}/scripts/man-pages $<TARGET_FILE:pool3> ${POOL3_MANUAL}
  DEPENDS pool3 ${PROJECT_SOURCE_DIR}/scripts/man-pages
  COMMENT "Making the manual pages" VERBATIM)
add_custom_target(pool3_manual ALL DEPENDS ${POOL3_MANUAL}/pool3.1)
install(DIRECTORY ${POOL3_MANUAL}/ DESTINATION share/man/man1 FILES_MATCHING PATTERN "*.1")
