#pragma once
#include <memory>

#include "parallel/world.h"

namespace tpscale {

/// Registers all_reduce, all_gather, reduce_scatter and broadcast of 8 B to 16 MiB, of every degree of this
/// launch (2, 4, ...) and both arms of the mpi communicator, with Google Benchmark on rank 0. The other ranks
/// stay in this function, asleep between measurements, do their part of what rank 0 measures, and return when
/// rank 0 destroys what it got: only rank 0 runs Google Benchmark, so no rank can decide on its own how often
/// to iterate.
///
/// Time is that of one operation: a batch of them timed between barriers, the maximum over ranks, divided by
/// the batch. Counters: algbw and busbw in B/s (busbw: x 2(n-1)/n for all_reduce, x (n-1)/n for all_gather
/// and reduce_scatter) and the median in s.
[[nodiscard]] std::shared_ptr<void> register_all_reduce_benchmarks(World& world);

}  // namespace tpscale
