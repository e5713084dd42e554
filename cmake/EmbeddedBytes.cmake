# For scripts (cmake -P) that write files into a C++ source as bytes.

# append_bytes(SOURCE NAME HEX): adds a function NAME() to the text in SOURCE, which returns the bytes of HEX, two digits each.
function(append_bytes SOURCE NAME HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${HEX}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  string(APPEND ${SOURCE} "namespace {\nconstexpr unsigned char ${NAME}_bytes[] = {\n${bytes}\n};\n}  // namespace\n"
    "std::string_view ${NAME}() { return {reinterpret_cast<const char*>(${NAME}_bytes), sizeof(${NAME}_bytes)}; }\n")
  set(${SOURCE} "${${SOURCE}}" PARENT_SCOPE)
endfunction()
