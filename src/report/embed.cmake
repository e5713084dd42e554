# Writes OUT, a C++ source that holds the page's files in PAGE as bytes.
include(${CMAKE_CURRENT_LIST_DIR}/../../cmake/EmbeddedBytes.cmake)

# The library, as npm has it: uplot 1.6.32. `scripts/setup page` fetches it.
set(uplot_sha256 19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f)
set(uplot_css_sha256 df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04)
function(require_sha256 FILE EXPECTED)
  file(SHA256 ${PAGE}/uplot/${FILE} found)
  if(NOT found STREQUAL EXPECTED)
    message(FATAL_ERROR "${PAGE}/uplot/${FILE} is not the file expected (SHA-256 ${found}, not ${EXPECTED}).")
  endif()
endfunction()
require_sha256(uPlot.iife.min.js ${uplot_sha256})
require_sha256(uPlot.min.css ${uplot_css_sha256})

# bytes_of(VARIABLE FILE...): their bytes, one after the other, each file ended by a line end.
function(bytes_of VARIABLE)
  set(all "")
  foreach(file IN LISTS ARGN)
    file(READ ${file} hex HEX)
    string(APPEND all "${hex}0a")
  endforeach()
  set(${VARIABLE} "${all}" PARENT_SCOPE)
endfunction()

# Own scripts in the order of their names: 10-data.js, 20-pictures.js, ...
file(GLOB scripts ${PAGE}/*.js)
list(SORT scripts)
bytes_of(template ${PAGE}/page.html)
bytes_of(style ${PAGE}/uplot/uPlot.min.css ${PAGE}/style.css)
bytes_of(script ${PAGE}/uplot/uPlot.iife.min.js ${scripts})
bytes_of(licence ${PAGE}/uplot/LICENSE)

set(source "// Made by src/report/embed.cmake.\n#include \"report/catalogue/assets.hpp\"\n\nnamespace pool3::report {\n")
foreach(name template style script licence)
  append_bytes(source page_${name} "${${name}}")
endforeach()
string(APPEND source "}  // namespace pool3::report\n")
file(WRITE ${OUT} "${source}")
