// Counts every allocation of the process: once a run has begun, a step makes none.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "comm/single_rank.h"
#include "engine/engine.h"
#include "parallel/shard_plan.h"

namespace {
std::atomic<long> allocations = 0;

void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
constexpr std::size_t kDefault = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes, kDefault);
}
void* operator new[](std::size_t bytes) {
  return counted(bytes, kDefault);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return counted(bytes, kDefault);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return counted(bytes, kDefault);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace tpscale {
namespace {

TEST(Allocations, NoneBetweenTheFirstStepAndTheLast) {
  BackendOptions backend_options;
  backend_options.threads = 2;
  const auto backend = backend_registry().find("cpu").factory(backend_options, DevicePlace{});
  const auto source = open_model("tiny", "", 1);
  const ModelShard shard = plan_shard(source->config(), 1, 0);
  SingleRank comm;
  std::vector<Request> requests(6);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].prompt.assign(20 + 9 * i, static_cast<std::int32_t>(i));
    requests[i].max_new_tokens = 40;
  }
  for (const auto& [scheduler, run_ahead] :
       {std::pair{"separated", "off"}, {"mixed", "off"}, {"mixed", "on"}}) {
    EngineOptions options;
    options.run_ahead = run_ahead;
    options.scheduler = scheduler;
    options.prefix_cache = true;
    options.block_size = 4;
    options.num_kv_blocks = 60;  // forces preemptions
    options.max_num_batched_tokens = 64;
    const EngineSizes sizes = plan_sizes(source->config(), shard, options, requests);
    Engine engine(*backend, comm, *source, shard, options, sizes);

    std::size_t steps = 0;
    long at_first = 0;
    long at_last = 0;
    const RunResult result = engine.run(requests, {backend->ops(), comm}, [&](const StepRecord&) {
      (++steps == 1 ? at_first : at_last) = allocations.load();
    });
    EXPECT_GT(result.preemptions, 0) << "the pool was meant to run short";
    EXPECT_GT(steps, 40U);
    EXPECT_EQ(at_last - at_first, 0) << scheduler << ", run ahead " << run_ahead;
    EXPECT_GT(at_first, 0) << "nothing is counted";
  }
}

}  // namespace
}  // namespace tpscale
