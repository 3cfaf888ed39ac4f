# tpscale_mpi_test(NAME RANKS PROGRAM [ARGUMENTS...]): PROGRAM (a target) under mpirun, on this machine, as any user, also with
# more ranks than cores; ended after 60 s. Nothing where the build has no MPI.
set(TPSCALE_MPI_TEST_ENVIRONMENT
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo)

function(tpscale_mpi_test name ranks program)
  if(NOT TPSCALE_HAS_MPI)
    return()
  endif()
  # mpirun's own limit: one that is killed from outside leaves its ranks running. Not --foreground: the whole tree must go.
  add_test(NAME ${name} COMMAND timeout -k 5 60 ${MPIEXEC_EXECUTABLE} -n ${ranks} $<TARGET_FILE:${program}> ${ARGN})
  # RUN_SERIAL: ranks that share their cores with other tests wait for each other most of the time.
  set_tests_properties(${name} PROPERTIES LABELS mpi TIMEOUT 90 PROCESSORS ${ranks} RUN_SERIAL ON
    ENVIRONMENT "${TPSCALE_MPI_TEST_ENVIRONMENT}" FIXTURES_REQUIRED tpscale_mpi)
endfunction()

# Killed ranks leave Open MPI's shared memory behind; run once after the last of these tests.
if(TPSCALE_HAS_MPI AND NOT TEST tpscale_mpi_clean_up)
  add_test(NAME tpscale_mpi_clean_up COMMAND sh -c
    "for f in /dev/shm/vader_segment.*; do [ -O \"$f\" ] && ! fuser -s \"$f\" 2>/dev/null && rm -f \"$f\"; done; true")
  set_tests_properties(tpscale_mpi_clean_up PROPERTIES FIXTURES_CLEANUP tpscale_mpi LABELS mpi)
endif()
