# One INTERFACE target carries the warnings, and one function makes the library of a folder. GCC's are errors; clang, which
# only builds the fuzz targets, has others.
add_library(tpscale_warnings INTERFACE)
target_compile_options(tpscale_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:C,CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wunused -Wnull-dereference -Wdouble-promotion -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<CXX_COMPILER_ID:Clang>:-Wno-error>>)  # GCC 12 takes "text" + std::to_string(n) for overlapping memory (its bug 105651)
if(TPSCALE_SANITIZE)
  target_compile_options(tpscale_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:C,CXX>:-fsanitize=${TPSCALE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer>)
  target_link_options(tpscale_warnings INTERFACE -fsanitize=${TPSCALE_SANITIZE})
endif()

# tpscale_library(NAME FOLDER [OBJECTS] [DEPENDS ...]): the library of the sources right in FOLDER (not below it).
# OBJECTS: its objects are linked into every program that uses it, because a static library would lose the objects that
# only register themselves.
function(tpscale_library name folder)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "OBJECTS" "" "DEPENDS")
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(NOT sources)  # while the house is being built
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPENDS})
  elseif(ARG_OBJECTS)
    add_library(${name}_objects OBJECT ${sources})
    target_link_libraries(${name}_objects PUBLIC ${ARG_DEPENDS} PRIVATE tpscale_warnings)
    add_library(${name} INTERFACE)
    # only into programs: a library on the way to one would archive a second copy
    target_sources(${name} INTERFACE
      $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:${name}_objects>>)
    target_link_libraries(${name} INTERFACE ${ARG_DEPENDS})
    add_dependencies(${name} ${name}_objects)
  else()
    add_library(${name} STATIC ${sources})
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)  # plugins link what they need of it
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE tpscale_warnings)
  endif()
endfunction()
