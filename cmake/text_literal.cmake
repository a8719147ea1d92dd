# foldlog_text_literal(<variable> <file>): the file's bytes as a C++ string view literal, `"\x7b\x7d"sv`, put into the variable.
# As hex, since CMake's own strings would lose brackets and semicolons. A change of the file configures the folder again.
function(foldlog_text_literal variable file)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
  set(${variable} "\"${escaped}\"sv" PARENT_SCOPE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
endfunction()
