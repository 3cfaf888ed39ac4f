#include "bench/micro/suite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"
#include "parallel/world/single_world.h"

namespace tpscale {
namespace {

class Silent final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& report) override {
    runs.insert(runs.end(), report.begin(), report.end());
  }
  std::vector<Run> runs;
};

class SuiteTest : public testing::Test {
 protected:
  std::vector<benchmark::BenchmarkReporter::Run> run(int repetitions) {
    std::vector<std::string> words{"test", "--benchmark_min_time=0.0001",
                                   "--benchmark_repetitions=" + std::to_string(repetitions),
                                   "--benchmark_report_aggregates_only=false"};
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    int count = static_cast<int>(words.size());
    benchmark::Initialize(&count, pointers.data());
    Silent silent;
    benchmark::RunSpecifiedBenchmarks(&silent);
    return silent.runs;
  }

  SingleWorld world;
  Interrupt interrupt;
  Suite suite{world, interrupt};
};

TEST_F(SuiteTest, WhatIterationsUseUpIsRenewedBeforeTheNext) {
  int left = 0, renewed = 0;
  bool missed = false;
  suite.add(CaseName("a", "b"), [&] {
    Prepared prepared;
    prepared.once = [&] {
      missed = missed || left == 0;
      --left;
    };
    prepared.used_up = [&] { return left == 0; };
    prepared.renew = [&] {
      left = 3;
      ++renewed;
    };
    return prepared;
  });
  EXPECT_FALSE(run(2).empty());
  EXPECT_FALSE(missed);
  EXPECT_GT(renewed, 1);
}

TEST_F(SuiteTest, WhatFollowsFromANameIsACounterAndAParameter) {
  CaseName name("a", "b");
  name.fact("copies", 25);
  EXPECT_EQ(name.text(), "a/b");
  EXPECT_EQ(name.parameters().back().first, "copies");
  suite.add(name, [] { return Prepared{[] {}, {}, nullptr}; });
  const auto runs = run(1);
  ASSERT_FALSE(runs.empty());
  EXPECT_EQ(runs.front().counters.at("copies").value, 25.0);
}

TEST_F(SuiteTest, ATimedBenchmarkWithoutMemoryIsSkippedAndNotWrong) {
  suite.add_timed(CaseName("a", "b"), 1,
                  []() -> Timed { throw OutOfMemoryError("rank 1: 8 MiB do not fit", 8, 0); });
  const auto runs = run(1);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_TRUE(runs.front().error_occurred);
  EXPECT_EQ(runs.front().error_message, "rank 1: 8 MiB do not fit");
  EXPECT_FALSE(suite.wrong());
}

TEST_F(SuiteTest, WhatFailedOnceFailsInEveryRepetition) {
  int tried = 0;
  suite.add(CaseName("a", "b"), [&tried]() -> Prepared {
    if (++tried == 1) throw NotAvailableError("not now");
    return {[] {}, {}, nullptr};
  });
  for (const auto& repetition : run(3)) EXPECT_EQ(repetition.error_message, "not now");
  EXPECT_EQ(tried, 1);
}

TEST_F(SuiteTest, AResultThatTurnsWrongLeavesTheRepetitionsBefore) {
  int runs_of_it = 0;
  suite.add_timed(CaseName("a", "b"), 2, [&runs_of_it] {
    Timed timed{{{1.0}, {1.0}}, {}, ""};
    if (++runs_of_it == 3) timed.wrong = "a wrong result";
    return timed;
  });
  const auto runs = run(5);
  EXPECT_EQ(std::ranges::count_if(runs, [](const auto& one) { return one.error_occurred; }), 3);
  EXPECT_EQ(runs_of_it, 3);
  EXPECT_TRUE(suite.wrong());
}

TEST_F(SuiteTest, AnInputOutputErrorEndsTheRun) {
  suite.add(CaseName("a", "b"), []() -> Prepared { throw InputOutputError("the disk is full"); });
  EXPECT_THROW(run(2), InputOutputError);
}

}  // namespace
}  // namespace tpscale
