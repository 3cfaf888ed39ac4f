// Quality beside speed: every point of a launch with a text is judged by it, outside what it times.
#include "bench/trial/judged_text.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>

#include "bench/cli/model_text.h"
#include "bench/trial/point_table.h"
#include "bench/trial/text_score.h"
#include "core/error.h"
#include "tests/bench/store/temporary_folder.h"
#include "tests/bench/trial/tiny_launch.h"

namespace tpscale {
namespace {

using testing::HasSubstr;
using testing::Not;

double sum_of(const Samples& samples) {
  return std::accumulate(samples.rows.begin(), samples.rows.end(), 0.0,
                         [](double sum, const std::vector<double>& row) { return sum + row.front(); });
}

std::vector<std::int32_t> some_tokens(std::int32_t count) {
  std::vector<std::int32_t> tokens;
  for (std::int32_t i = 0; i < count; ++i) tokens.push_back(i * 37 % 512);
  return tokens;
}

class Judged : public TinyLaunch {
 protected:
  Judged() { text_ = JudgedText{"text.txt", some_tokens(70), 140, "0123456789abcdef"}; }
  Point first_point(const std::string& experiment) {
    ExperimentReport report = run(experiment);
    table_ = report.table;
    return report.points.front();
  }
  std::string table_;
};

TEST_F(Judged, EveryExperimentThatServesAModelSaysHowWellItPredicts) {
  options_.run.piece_bytes = {65536};
  options_.run.transfer_tokens = 32;
  for (const char* experiment : {"throughput", "latency", "memory", "strong-scaling", "selftest", "scheduler",
                                 "prefix-cache", "paged-memory", "kv-transfer"}) {
    SCOPED_TRACE(experiment);
    const Point point = first_point(experiment);
    const double nll = sum_of(samples(point, "text_nll"));
    EXPECT_EQ(sum_of(samples(point, "text_tokens")), 69.0) << "all but the first";
    if (point.results.empty()) continue;  // a machine too busy to time anything
    EXPECT_NEAR(metric(point, "perplexity").value, std::exp(nll / 69.0), 1e-9);
    EXPECT_NEAR(metric(point, "accuracy").value, sum_of(samples(point, "text_hits")) / 69.0, 1e-12);
    EXPECT_NEAR(metric(point, "bits_per_byte").value, nll / std::log(2.0) / 140.0, 1e-9);
    EXPECT_THAT(metric(point, "perplexity").how_obtained, HasSubstr("69 tokens of text.txt"));
    EXPECT_THAT(table_, HasSubstr("perplexity"));
    EXPECT_THAT(table_, HasSubstr("bits/byte"));
  }
}

TEST_F(Judged, AShardAloneIsNotJudged) {
  options_.run.shard_of = {2};
  const Point point = first_point("shard-replay");
  EXPECT_THAT(point.absent, testing::Contains(testing::Field(&Absent::name, "perplexity")));
  EXPECT_THAT(table_, Not(HasSubstr("perplexity")));
}

TEST_F(Judged, TheTextIsPartOfWhatAPointIs) {
  options_.run.dry_run = true;
  const auto id = [&] { return point_id(first_point("throughput")); };
  const std::string before = id();
  text_->hash = "another";
  EXPECT_NE(id(), before);
  text_.reset();
  EXPECT_NE(id(), before);
  options_.run.dry_run = false;
  const Point point = first_point("throughput");
  EXPECT_THROW(metric(point, "perplexity"), std::out_of_range);
  EXPECT_THAT(table_, Not(HasSubstr("perplexity")));
}

TEST_F(Judged, AFailedVerdictLeavesNoQualityEither) {
  options_.run.inject_bug = "clock";
  EXPECT_TRUE(first_point("throughput").results.empty());
}

TEST(TextFigures, WhatIsNoNumberIsAbsent) {
  Point point;
  add_text_figures(point, TextScore{{1.0, std::numeric_limits<double>::infinity()}, 0, 0, "x"});
  EXPECT_TRUE(point.results.empty());
  EXPECT_TRUE(point.samples.empty());
  EXPECT_EQ(point.absent.size(), 2u);
}

class FindJudgedText : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path) << content;
    return path;
  }
  TemporaryFolder folder_;
  WorkloadOptions options_;
  ModelConfig config_ = preset_config("tiny");
};

TEST_F(FindJudgedText, IsThatOfTheOptions) {
  EXPECT_FALSE(find_judged_text(options_, "tiny", config_, true).has_value());
  options_.token_ids = file("ids.txt", "5 6 7 8");
  const auto ids = find_judged_text(options_, "tiny", config_, true);
  EXPECT_EQ(ids->tokens, (std::vector<std::int32_t>{5, 6, 7, 8}));
  EXPECT_EQ(ids->bytes, 0) << "nobody knows what they stand for";
  EXPECT_EQ(ids->source, "ids.txt");
  options_.token_ids = file("other.txt", "5 6 7 9");
  EXPECT_NE(find_judged_text(options_, "tiny", config_, true)->hash, ids->hash);
}

TEST_F(FindJudgedText, TheEmbeddedModelHasOneOfItsOwn) {
  config_.vocab_size = 256;
  const auto text = find_judged_text(options_, "embedded", config_, true);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->tokens.size(), 2000u);
  EXPECT_EQ(text->bytes, 1999) << "a byte is a token, and the first is not judged";
  options_.text = file("short.txt", "def f():");
  options_.tokenizer = require_tokenizer("embedded");
  EXPECT_EQ(find_judged_text(options_, "embedded", config_, true)->bytes, 7);
}

TEST_F(FindJudgedText, ALargeModelOnACpuJudgesFewer) {
  options_.token_ids = file("ids.txt", [] {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += "7 ";
    return text;
  }());
  EXPECT_EQ(find_judged_text(options_, "x", config_, true)->tokens.size(), 2000u);
  config_ = preset_config("qwen3-8b");
  EXPECT_EQ(find_judged_text(options_, "x", config_, true)->tokens.size(), 128u);
  EXPECT_EQ(find_judged_text(options_, "x", config_, false)->tokens.size(), 2000u);
}

TEST_F(FindJudgedText, RefusesWhatTheModelCannotJudge) {
  options_.token_ids = file("ids.txt", "5 512");
  EXPECT_THROW(find_judged_text(options_, "tiny", config_, true), UsageError);
  options_.token_ids = file("ids.txt", "5");
  EXPECT_THROW(find_judged_text(options_, "tiny", config_, true), UsageError);
  options_.token_ids = "nowhere";
  EXPECT_THROW(find_judged_text(options_, "tiny", config_, true), MissingInputError);
}

}  // namespace
}  // namespace tpscale
