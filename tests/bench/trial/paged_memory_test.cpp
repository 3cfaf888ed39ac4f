#include <gmock/gmock.h>

#include <cmath>

#include "bench/trial/timed_trial.h"
#include "bench/workload/workload.h"
#include "core/error.h"
#include "engine/plan_run.h"
#include "tiny_launch.h"

namespace tpscale {
namespace {

/// The check values of the test plan.
TEST(SlotsAtFinalLength, AreThoseOfTheNanoVllmWorkload) {
  WorkloadOptions options;
  options.workload = "nano-vllm";
  const Workload workload = make_workload(options, 20000);
  const auto percent = [&](std::int64_t piece) {
    return std::round(kv_slots_at_final_length(workload.requests, piece).utilisation() * 1e4) / 100.0;
  };
  const KvSlots contiguous = kv_slots_at_final_length(workload.requests, 4096);
  EXPECT_EQ(contiguous.used, 276'537);
  EXPECT_EQ(contiguous.reserved, 1'048'576);
  EXPECT_EQ(kv_slots_at_final_length(workload.requests, 256).pieces, 1'205);
  EXPECT_EQ(percent(4096), 26.37);
  EXPECT_EQ(percent(2048), 52.75);
  EXPECT_EQ(percent(256), 89.65);
  EXPECT_EQ(percent(128), 94.71);
  EXPECT_EQ(percent(64), 97.19);
  EXPECT_EQ(percent(32), 98.58);
  EXPECT_EQ(percent(16), 99.31);
}

class PagedMemory : public TinyLaunch {
 protected:
  PagedMemory() {
    options_.workload.num_sequences = 6;
    options_.engine.max_model_len = 64;  // of requests of 30 tokens
    options_.run.given_slots = 128;
    options_.engine.dtype = "f32";  // near-ties are closer than a wrong token
  }
};

TEST_F(PagedMemory, BlocksHoldMoreSequencesInTheSameMemory) {
  const ExperimentReport report = run("paged-memory");
  ASSERT_EQ(report.points.size(), 1u);
  EXPECT_TRUE(report.verdicts_passed) << report.table;
  const Point& point = report.points.front();
  EXPECT_EQ(metric(point, "largest_batch_contiguous_batched").value, 2.0) << "128 slots of 64 each";
  EXPECT_EQ(metric(point, "largest_batch_paged_batched").value, 4.0) << "2 blocks of 16 each";
  EXPECT_EQ(metric(point, "slots_reserved_contiguous_single").value, 64.0);
  EXPECT_EQ(metric(point, "slots_used_contiguous_single").value, 29.0) << "the last token is never stored";
  EXPECT_EQ(metric(point, "slots_reserved_paged_single").value, 32.0);
  for (const char* arm : {"contiguous_single", "contiguous_batched", "paged_single", "paged_batched"}) {
    const auto of = [&](const char* name) { return metric(point, name_of_arm(name, arm)).value; };
    EXPECT_TRUE(verdict(point, std::string("slots equal the planned ones, ") + arm).passed) << arm;
    EXPECT_TRUE(verdict(point, std::string("reserved = used + wasted, ") + arm).passed) << arm;
    EXPECT_EQ(of("slots_reserved"), of("slots_used") + of("slots_wasted")) << arm;
    EXPECT_EQ(of("pool_slots"), 128.0) << "the same memory, " << arm;
    EXPECT_GT(of("request_seconds"), 0.0) << arm;
  }
}

TEST_F(PagedMemory, IsWatchedOverTime) {
  const Point point = run("paged-memory").points.front();
  for (const std::string arm : {"contiguous_single", "paged_batched"}) {
    const Samples& time = samples(point, arm + "_sample_time");
    const Samples& used = samples(point, "kv_slots_used_" + arm);
    EXPECT_EQ(time.phase, "monitor");
    EXPECT_EQ(time.rows.size(), used.rows.size());
    EXPECT_GE(time.rows.size(), 2u);
    EXPECT_GT(samples(point, "memory_kv_cache_" + arm).rows.back().front(), 0.0);
  }
}

TEST_F(PagedMemory, PredictsFromTheLengths) {
  const Point point = run("paged-memory").points.front();
  EXPECT_DOUBLE_EQ(metric(point, "predicted_utilisation_contiguous_64").value, 29.0 / 64.0);
  EXPECT_DOUBLE_EQ(metric(point, "predicted_utilisation_block_16").value, 29.0 / 32.0);
}

TEST_F(PagedMemory, RefusesMemoryForLessThanOneSequence) {
  options_.run.given_slots = 63;
  EXPECT_THROW(run("paged-memory"), Error);
}

TEST_F(PagedMemory, WrongTokensLeaveNoFigures) {
  options_.run.inject_bug = "tokens";
  const ExperimentReport report = run("paged-memory");
  EXPECT_FALSE(report.verdicts_passed);
  EXPECT_TRUE(report.points.front().results.empty());
}

}  // namespace
}  // namespace tpscale
