#include <gmock/gmock.h>

#include "core/error.h"
#include "tiny_launch.h"

namespace tpscale {
namespace {

class KvTransfer : public TinyLaunch {
 protected:
  KvTransfer() {
    options_.run.transfer_tokens = 64;
    options_.run.piece_bytes = {1024};
  }
};

TEST_F(KvTransfer, MovesOneSequenceAndAListOfBlocksInEveryWay) {
  const ExperimentReport report = run("kv-transfer");
  ASSERT_EQ(report.points.size(), 2u);
  EXPECT_TRUE(report.verdicts_passed) << report.table;
  for (const Point& point : report.points) {
    for (const char* name : {"bytes came back", "tokens after a round trip", "tokens beside copies"})
      EXPECT_TRUE(verdict(point, name).passed) << name;
    for (const char* layout : {"layer", "block"}) {
      for (const char* way : {"each", "batched", "gathered"}) {
        const std::string arm = std::string(layout) + "_" + way + "_pageable";
        for (const std::string name : {"device_to_host_bandwidth_", "host_to_device_bandwidth_",
                                       "share_of_ceiling_", "decode_slowdown_"}) {
          EXPECT_GT(metric(point, name + arm).value, 0.0) << name + arm;
        }
      }
    }
    EXPECT_THAT(point.marks, testing::Contains("between two host arenas"));
    EXPECT_EQ(metric(point, "moved_bytes").value, 2.0 * 4 * 8 * 16 * 64 * 2) << "of the preset tiny in bf16";
  }
  const Point& list = report.points.back();
  EXPECT_EQ(metric(list, "pieces_block_each_pageable").value, 16.0) << "blocks of 4 tokens, 256 B a token";
  EXPECT_EQ(metric(list, "pieces_layer_each_pageable").value, 16.0 * 8);
}

TEST_F(KvTransfer, AByteThatChangedOnTheWayFailsTheVerdict) {
  options_.run.inject_bug = "transfer";
  const ExperimentReport report = run("kv-transfer");
  EXPECT_FALSE(report.verdicts_passed);
  for (const Point& point : report.points) {
    EXPECT_FALSE(verdict(point, "bytes came back").passed);
    EXPECT_TRUE(point.results.empty());
    EXPECT_FALSE(point.absent.empty());
  }
}

TEST_F(KvTransfer, AStoppedClockIsImplausible) {
  options_.run.inject_bug = "clock";
  options_.run.transfer_tokens = 16384;  // copies that are long enough to be judged
  options_.run.piece_bytes = {65536};
  const ExperimentReport report = run("kv-transfer");
  EXPECT_FALSE(verdict(report.points.front(), "plausible").passed);
}

TEST_F(KvTransfer, PointsThatAreThereAreNotMeasuredAgain) {
  run("kv-transfer");
  options_.run.resume = true;
  options_.run.inject_bug = "transfer";  // would fail if it ran
  EXPECT_TRUE(run("kv-transfer").verdicts_passed);
}

TEST_F(KvTransfer, ADryRunPlansAndMeasuresNothing) {
  options_.run.dry_run = true;
  options_.run.piece_bytes = {1024, 4096};
  const ExperimentReport report = run("kv-transfer");
  EXPECT_EQ(report.points.size(), 4u);
  EXPECT_FALSE(store_->has(report.points.front().parameters));
}

TEST_F(KvTransfer, RefusesWhatItCouldNotProve) {
  options_.workload.input_tokens = 16;  // no longer than a block
  EXPECT_THROW(run("kv-transfer"), Error);
  options_.workload.input_tokens = 24;
  options_.run.transfer_cache = "other";
  EXPECT_THROW(run("kv-transfer"), Error);
  options_.run.transfer_cache = "model";
  options_.run.piece_bytes = {100};
  EXPECT_THROW(run("kv-transfer"), Error);
}

}  // namespace
}  // namespace tpscale
