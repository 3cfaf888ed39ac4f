#pragma once
#include <mpi.h>

#include <cstddef>

namespace tpscale::mpi {

/// Throws Error "rank 3: MPI_Bcast failed: <MPI's words>" where `code` is not MPI_SUCCESS. `name` is the
/// function's.
void require(int code, const char* name);

/// A size as MPI's int. Collectives of the suite are far below 2 GiB elements.
int count_of(std::size_t value);

/// Polls `request` asleep, first every 20 us, soon every 4 ms: a rank that waits for minutes must not take a
/// core from those that work.
void wait_asleep(MPI_Request& request);

}  // namespace tpscale::mpi
