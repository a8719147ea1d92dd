include(text_literal)

# foldlog_embed_texts(<target> <header> <namespace> <files>): compiles the files into the target. `docs.html` becomes
# `<namespace>::docs_html`, a std::string_view declared in the generated header.
function(foldlog_embed_texts target header namespace)
  set(declarations "")
  set(definitions "")
  foreach(file IN LISTS ARGN)
    get_filename_component(name "${file}" NAME)
    string(REGEX REPLACE "[^a-z0-9]" "_" name "${name}")
    foldlog_text_literal(text "${file}")
    string(APPEND declarations "extern const std::string_view ${name};\n")
    string(APPEND definitions "const std::string_view ${name} = ${text};\n")
  endforeach()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/embedded_texts)
  file(CONFIGURE OUTPUT ${generated}/${header}.h @ONLY CONTENT [=[
#pragma once

#include <string_view>

namespace @namespace@ {

@declarations@
}  // namespace @namespace@
]=])
  file(CONFIGURE OUTPUT ${generated}/${header}.cpp @ONLY CONTENT [=[
#include "@header@.h"

namespace @namespace@ {

using namespace std::string_view_literals;
@definitions@
}  // namespace @namespace@
]=])
  target_sources(${target} PRIVATE ${generated}/${header}.cpp)
  target_include_directories(${target} PRIVATE ${generated})
endfunction()
