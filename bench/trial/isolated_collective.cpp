#include "bench/trial/isolated_collective.h"

#include <array>
#include <chrono>
#include <string>

#include "bench/trial/agreement.h"
#include "bench/trial/timed_trial.h"

namespace tpscale {

Samples time_all_reduce(Backend& backend, Communicator& group, Dtype dtype, std::size_t bytes,
                        std::int64_t repetitions, std::int64_t calls) {
  using Clock = std::chrono::steady_clock;
  Samples samples = rank_samples("all_reduce_seconds_" + std::to_string(bytes), "s", "steady_clock",
                                 "isolated", group.size());
  samples.warm_ups = 1;
  // Zeroed memory stays zero under a sum: no overflow, however often it is reduced.
  const Buffer buffer = backend.allocate(bytes, MemoryKind::kOther);
  const TensorView message(buffer.data(), dtype, 1, static_cast<std::int64_t>(bytes / size_of(dtype)));
  for (std::int64_t repetition = 0; repetition <= repetitions; ++repetition) {
    group.barrier();
    backend.stream().synchronize();
    const auto start = Clock::now();
    for (std::int64_t call = 0; call < calls; ++call) group.all_reduce_sum(message);
    backend.stream().synchronize();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const std::array mine{seconds / static_cast<double>(calls)};
    auto& row = samples.rows.emplace_back();
    for (const auto& rank : gather(group, mine)) row.push_back(rank[0]);
  }
  return samples;
}

}  // namespace tpscale
