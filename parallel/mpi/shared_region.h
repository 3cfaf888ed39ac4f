#pragma once
#include <cstddef>
#include <memory>

#include "parallel/mpi/comm.h"

namespace tpscale::mpi {

/// `bytes` of zeroed memory that all ranks of `comm` share, nullptr on all of them where that cannot be had
/// (other hosts, or containers that hide processes from each other). Collective. Has no name in any file
/// system, so a killed launch leaves nothing behind: the others reach it through /proc.
std::shared_ptr<void> make_shared_region(const Comm& comm, std::size_t bytes);

}  // namespace tpscale::mpi
