# Every header compiled alone: a file of one include for each, built with everything else.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/src/*.h ${PROJECT_SOURCE_DIR}/parallel/*.h ${PROJECT_SOURCE_DIR}/bench/*.h)
set(sources)
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER ${header} identifier)
  set(source ${PROJECT_BINARY_DIR}/header_checks/${identifier}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"  // IWYU pragma: keep\n")
  list(APPEND sources ${source})
endforeach()
add_library(tpscale_header_checks OBJECT ${sources})
target_include_directories(tpscale_header_checks PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(tpscale_header_checks PRIVATE tpscale_warnings)
