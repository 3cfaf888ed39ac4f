# Every option of the build, with its documentation; printed by cmake/summary.cmake.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(TPSCALE_PLUGIN_DIR ${PROJECT_BINARY_DIR}/lib/tpscale)  # ../lib/tpscale of a program: src/backend/plugins.h

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

set(TPSCALE_MPI AUTO CACHE STRING "MPI world and communicator: AUTO, ON or OFF")
set(TPSCALE_CUDA AUTO CACHE STRING "CUDA backend: AUTO, ON or OFF")
set(TPSCALE_NCCL AUTO CACHE STRING "NCCL communicator: AUTO, ON or OFF")
set_property(CACHE TPSCALE_MPI TPSCALE_CUDA TPSCALE_NCCL PROPERTY STRINGS AUTO ON OFF)
option(TPSCALE_BUILD_TESTS "Build the tests" ON)
option(TPSCALE_FUZZ "Of the tests only the libFuzzer targets (clang)" OFF)
set(TPSCALE_SANITIZE "" CACHE STRING "Sanitizers of the build: address,undefined or thread")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
