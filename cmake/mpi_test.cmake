# tpscale_mpi_test(NAME RANKS PROGRAM [ARGUMENTS...]): PROGRAM (a target) under mpirun, on this machine, as any user, also with
# more ranks than cores; ended after TPSCALE_MPI_TEST_SECONDS. Nothing where the build has no MPI.
# tpscale_mpi_test_properties(TEST): for a test that starts mpirun itself.
# tpscale_mpi_program(TARGET): what a program that becomes ranks needs in a sanitized build.
include_guard(GLOBAL)

set(TPSCALE_MPI_TEST_SECONDS 60 CACHE INTERNAL "")
set(environment
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo)
if(TPSCALE_SANITIZE)
  set(TPSCALE_MPI_TEST_SECONDS 400 CACHE INTERNAL "")
  set(sanitizers ${PROJECT_SOURCE_DIR}/tests/support/sanitizers)
  list(APPEND environment
    ASAN_OPTIONS=fast_unwind_on_malloc=0 LSAN_OPTIONS=suppressions=${sanitizers}/leaks_of_mpi.supp
    TSAN_OPTIONS=ignore_noninstrumented_modules=1:suppressions=${sanitizers}/races_of_mpi.supp)
endif()
set(TPSCALE_MPI_TEST_ENVIRONMENT "${environment}" CACHE INTERNAL "")

function(tpscale_mpi_test_properties name)
  math(EXPR seconds "${TPSCALE_MPI_TEST_SECONDS} + 30")
  # RUN_SERIAL: ranks that share their cores with other tests wait for each other most of the time.
  set_tests_properties(${name} PROPERTIES LABELS mpi TIMEOUT ${seconds} RUN_SERIAL ON
    ENVIRONMENT "${TPSCALE_MPI_TEST_ENVIRONMENT}" FIXTURES_REQUIRED tpscale_mpi)
endfunction()

function(tpscale_mpi_program target)
  if(TPSCALE_SANITIZE MATCHES "address")
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/sanitizers/keep_plugins.c)
  endif()
endfunction()

function(tpscale_mpi_test name ranks program)
  if(NOT TPSCALE_HAS_MPI)
    return()
  endif()
  # A limit inside ctest's: ended from outside, mpirun leaves its ranks running.
  add_test(NAME ${name} COMMAND timeout -k 5 ${TPSCALE_MPI_TEST_SECONDS}
    ${MPIEXEC_EXECUTABLE} -n ${ranks} $<TARGET_FILE:${program}> ${ARGN})
  tpscale_mpi_test_properties(${name})
endfunction()

# Killed ranks leave Open MPI's shared memory behind; this runs once after the last of these tests.
if(TPSCALE_HAS_MPI)
  add_test(NAME tpscale_mpi_clean_up COMMAND sh -c
    "for f in /dev/shm/vader_segment.*; do [ -O \"$f\" ] || continue; grep -qsF \"$f\" /proc/[0-9]*/maps || rm -f \"$f\"; done")
  set_tests_properties(tpscale_mpi_clean_up PROPERTIES FIXTURES_CLEANUP tpscale_mpi LABELS mpi)
endif()
