# Writes OUT, a C++ source that holds the page's files in PAGE as bytes.
set(source "// Made by jobs/commands/serving/embed.cmake.\n#include \"commands/serving/assets.hpp\"\n\nnamespace pool3::jobs {\n")
foreach(pair page_html:page.html page_css:style.css page_js:app.js page_icon:icon.svg openapi_json:openapi.json)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 name)
  list(GET pair 1 file)
  file(READ ${PAGE}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" hex "${hex}")
  string(APPEND source "namespace {\nconstexpr unsigned char ${name}_bytes[] = {\n${hex}\n};\n}  // namespace\n"
    "std::string_view ${name}() { return {reinterpret_cast<const char*>(${name}_bytes), sizeof(${name}_bytes)}; }\n")
endforeach()
string(APPEND source "}  // namespace pool3::jobs\n")
file(WRITE ${OUT} "${source}")
