#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/cli/model_text.h"
#include "bench/commands/commands.h"
#include "bench/experiment.h"
#include "bench/trial/launch.h"
#include "bench/trial/model_session.h"
#include "core/error.h"
#include "parallel/world/single_world.h"

namespace tpscale {
namespace {

/// strong-scaling on the preset `tiny` in one process, its points in memory.
class ExperimentTest : public testing::Test {
 protected:
  ExperimentTest() {
    options_.run.tp = {1};
    options_.run.repetitions = 2;
    options_.run.instrumented_repetitions = 1;
    options_.run.probe_seconds = 0.02;
    options_.run.progress = false;
    options_.run.sequences_per_rank = 2;
    options_.model.model = "tiny";
    options_.workload.num_sequences = 2;
    options_.workload.input_tokens = 24;
    options_.workload.output_tokens = 6;
    options_.backend.threads = 1;
    options_.parallel.pin = false;
  }

  ExperimentReport run(const std::string& experiment) {
    source_ = open_model(world_, options_.model);
    DeviceSetup setup = set_up_devices(world_, "auto", options_.backend, options_.parallel);
    Launch launch(world_, options_, *source_, std::move(setup));
    launch.store = make_memory_store();
    for (const char* name :
         {"commit", "dirty", "build_type", "command_line", "hosts", "versions", "binary_hash"}) {
      launch.provenance.emplace_back(name, std::string("of a test"));
    }
    experiment_registry().find(experiment).factory.run(launch);
    stored_ = 0;
    for (const Point& point : launch.reports.back().points)
      stored_ += launch.store->has(point.parameters) ? 1 : 0;
    return launch.reports.back();
  }

  static const Verdict& verdict(const Point& point, std::string_view name) {
    return *std::find_if(point.verdicts.begin(), point.verdicts.end(),
                         [&](const Verdict& v) { return v.name == name; });
  }

  SingleWorld world_;
  LaunchOptions options_;
  std::unique_ptr<ModelSource> source_;
  int stored_ = 0;
};

TEST_F(ExperimentTest, MeasuresAndStoresAPointThatPassesTheSchema) {
  for (const char* experiment : {"strong-scaling", "weak-scaling"}) {
    const ExperimentReport report = run(experiment);
    ASSERT_EQ(report.points.size(), 1u);
    EXPECT_EQ(stored_, 1);
    const Point& point = report.points.front();
    EXPECT_EQ(point.test_name, experiment);
    EXPECT_EQ(point.status, "measured");
    EXPECT_TRUE(verdict(point, "token equality with the base").passed);
    EXPECT_TRUE(verdict(point, "repeatable").passed);
    EXPECT_THAT(report.table, testing::HasSubstr("efficiency"));
    const auto tokens = std::find_if(point.arrays.begin(), point.arrays.end(),
                                     [](const IntegerArray& array) { return array.name == "output_tokens"; });
    ASSERT_NE(tokens, point.arrays.end());
    EXPECT_EQ(tokens->rows, 2);
    EXPECT_EQ(tokens->cols, 6);
  }
}

TEST_F(ExperimentTest, AStoppedClockFailsTheVerdictAndTheFigures) {
  options_.run.inject_bug = "clock";
  const ExperimentReport report = run("strong-scaling");
  EXPECT_FALSE(report.verdicts_passed);
  EXPECT_FALSE(verdict(report.points.front(), "plausible").passed);
  EXPECT_TRUE(report.points.front().results.empty());
  EXPECT_EQ(stored_, 1) << "a failed point is kept, without figures";
}

TEST_F(ExperimentTest, LostTimeFailsTheVerdict) {
  options_.run.inject_bug = "time";
  const ExperimentReport report = run("strong-scaling");
  EXPECT_FALSE(verdict(report.points.front(), "phases add up to the wall").passed);
}

TEST_F(ExperimentTest, ADryRunPlansAndMeasuresNothing) {
  options_.run.dry_run = true;
  options_.run.tp = {1, 2, 4, 8};
  const ExperimentReport report = run("weak-scaling");
  EXPECT_EQ(report.points.size(), 5u);
  EXPECT_EQ(stored_, 0);
  EXPECT_THAT(report.table, testing::HasSubstr("MiB"));
}

TEST_F(ExperimentTest, WhatDoesNotFitIsStoredAsOutOfMemory) {
  options_.model.model = "llama-2-13b";
  options_.workload.num_sequences = 400;
  options_.workload.input_tokens = 2000;
  options_.engine.dtype = "f32";
  const ExperimentReport report = run("strong-scaling");
  ASSERT_EQ(report.points.size(), 1u);
  EXPECT_EQ(report.points.front().status, "out_of_memory");
  EXPECT_FALSE(report.points.front().status_reason.empty());
  EXPECT_EQ(stored_, 1);
  EXPECT_TRUE(report.verdicts_passed) << "a plan that does not fit is no failure";
}

TEST(Refusals, ComeBeforeAnyWork) {
  const ModelConfig config = preset_config("qwen3-0.6b");
  EXPECT_THROW(require_shardable(config, 3), UsageError);
  EXPECT_NO_THROW(require_shardable(config, 4));
  SingleWorld world;
  EXPECT_THROW(require_ranks(world, 2), NotAvailableError);
  EXPECT_THROW(require_tokenizer("tiny"), UsageError);
}

}  // namespace
}  // namespace tpscale
