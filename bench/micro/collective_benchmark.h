#pragma once
#include <memory>
#include <string>

#include "bench/micro/options.h"
#include "bench/micro/suite.h"
#include "parallel/world.h"

namespace tpscale {

/// The collectives of a launch. Only rank 0 runs Google Benchmark, so no rank can decide on its own how often
/// to iterate: rank 0 announces what is to be measured, how many samples of it, and how many operations make
/// one; the others are asleep until then, do their part, and sleep again.
///
/// Time is that of one operation: a batch of them timed between barriers, the maximum over ranks, divided by
/// the batch. algbw and busbw are bytes/s of the median sample.
class CollectiveBenchmarks {
 public:
  CollectiveBenchmarks(World& world, const MicroOptions& options);
  ~CollectiveBenchmarks();

  void add_to(Suite& suite);  ///< rank 0
  void serve();               ///< every other rank: until rank 0 calls end()
  void end();                 ///< rank 0

  Backend& backend();

 private:
  struct Job;
  class Ranks;
  Timed measure(Job job);

  std::unique_ptr<Ranks> ranks_;
  MicroOptions options_;
};

}  // namespace tpscale
