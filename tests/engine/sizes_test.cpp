#include <gtest/gtest.h>

#include "core/error.h"
#include "engine_harness.h"

namespace tpscale {
namespace {

const ModelConfig kConfig = preset_config("tiny");

EngineSizes plan(const EngineOptions& options, const std::vector<Request>& requests) {
  return plan_sizes(kConfig, plan_shard(kConfig, 1, 0), options, requests);
}

Request request_of(std::size_t prompt, std::int64_t max_new_tokens) {
  return {.prompt = std::vector<std::int32_t>(prompt, 1), .max_new_tokens = max_new_tokens};
}

TEST(PlanSizes, AreNoLargerThanTheRequestsCanFill) {
  const EngineSizes sizes = plan({}, {request_of(100, 13), request_of(50, 1), request_of(7, 30)});
  EXPECT_EQ(sizes.max_model_len, 113);
  EXPECT_EQ(sizes.max_num_seqs, 3);
  EXPECT_EQ(sizes.max_logits, 3);
  EXPECT_EQ(sizes.max_step_tokens, 157);
  EXPECT_EQ(sizes.num_kv_blocks, 7 + 4 + 3) << "112, 50 and 36 tokens are stored: the last one never is";
}

TEST(PlanSizes, CountTheLargestThatRunTogether) {
  EngineOptions options;
  options.max_num_seqs = 2;
  options.max_num_batched_tokens = 120;
  const EngineSizes sizes = plan(options, {request_of(100, 13), request_of(50, 1), request_of(7, 30)});
  EXPECT_EQ(sizes.max_step_tokens, 120);
  EXPECT_EQ(sizes.num_kv_blocks, 7 + 4);
}

TEST(PlanSizes, AStepHoldsATokenOfEverySequence) {
  const EngineSizes sizes = plan({}, std::vector<Request>(6, request_of(1, 40)));
  EXPECT_EQ(sizes.max_step_tokens, 6);
  EngineOptions options;
  options.max_num_batched_tokens = 4;
  EXPECT_EQ(plan(options, std::vector<Request>(6, request_of(1, 40))).max_num_seqs, 4);
}

TEST(PlanSizes, AShortPoolMayMakeAStepComputeGeneratedTokensAgain) {
  EngineOptions options;
  options.num_kv_blocks = 4;
  const EngineSizes sizes = plan(options, {request_of(10, 40), request_of(10, 40)});
  EXPECT_EQ(sizes.num_kv_blocks, 4);
  EXPECT_EQ(sizes.max_step_tokens, 98);
}

void expect_usage_error(const EngineOptions& options, const std::vector<Request>& requests,
                        const std::string& part) {
  try {
    plan(options, requests);
    FAIL() << "expected an error about " << part;
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(PlanSizes, RefuseWhatCannotBeServed) {
  EngineOptions options;
  expect_usage_error(options, {}, "no requests");
  expect_usage_error(options, {request_of(0, 1)}, "request 0 has an empty prompt");
  expect_usage_error(options, {request_of(1, 1), request_of(1, 0)}, "request 1 asks for 0 new tokens");
  expect_usage_error(options, {{.prompt = {512}, .max_new_tokens = 1}}, "token id 512");
  expect_usage_error(options, {{.prompt = {-1}, .max_new_tokens = 1}}, "token id -1");
  expect_usage_error(options, {{.prompt = {1}, .max_new_tokens = 1, .arrival_s = -1.0}}, "impossible time");
  options.max_model_len = 20;
  expect_usage_error(options, {request_of(15, 6)}, "--max-model-len");
  options.max_model_len = 0;
  options.num_kv_blocks = 1;
  expect_usage_error(options, {request_of(15, 3)}, "--num-kv-blocks");
  EXPECT_EQ(plan(options, {request_of(15, 2)}).num_kv_blocks, 1);
}

TEST(PlanSizes, RefuseMorePositionsThanAModelHasLearned) {
  const ModelConfig gpt2 = preset_config("gpt2");
  const std::vector<Request> fits{request_of(1000, 24)}, longer{request_of(1000, 25)};
  EXPECT_EQ(plan_sizes(gpt2, plan_shard(gpt2, 1, 0), {}, fits).max_model_len, 1024);
  try {
    plan_sizes(gpt2, plan_shard(gpt2, 1, 0), {}, longer);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("1024 learned positions"), std::string::npos) << error.what();
  }
}

TEST(PlanSizes, RefuseImpossibleOptions) {
  const std::vector<Request> requests = {request_of(4, 4)};
  const auto with = [](auto member, auto value) {
    EngineOptions options;
    options.*member = value;
    return options;
  };
  expect_usage_error(with(&EngineOptions::block_size, 0), requests, "--block-size is 0");
  expect_usage_error(with(&EngineOptions::max_num_seqs, 0), requests, "--max-num-seqs");
  expect_usage_error(with(&EngineOptions::max_num_batched_tokens, -1), requests, "--max-num-batched-tokens");
  expect_usage_error(with(&EngineOptions::max_model_len, -5), requests, "--max-model-len");
  expect_usage_error(with(&EngineOptions::num_kv_blocks, -5), requests, "--num-kv-blocks");
  expect_usage_error(with(&EngineOptions::scheduler, "fifo"), requests, "separated, mixed");
  expect_usage_error(with(&EngineOptions::dtype, "int8"), requests, "int8");
  expect_usage_error(with(&EngineOptions::num_kv_blocks, 1 << 30), requests, "2^31");
}

TEST(PlanScoringSizes, HoldOneTextAndAChunkOfLogits) {
  const ModelShard shard = plan_shard(kConfig, 1, 0);
  const EngineSizes sizes = plan_scoring_sizes(kConfig, shard, {}, 200);
  EXPECT_EQ(sizes.max_model_len, 200);
  EXPECT_EQ(sizes.max_step_tokens, 199);
  EXPECT_EQ(sizes.num_kv_blocks, 13);
  EXPECT_EQ(sizes.max_logits, 199);
  const ModelConfig large = preset_config("qwen3-0.6b");
  EXPECT_LT(plan_scoring_sizes(large, plan_shard(large, 1, 0), {}, 2000).max_logits, 200);
  EngineOptions options;
  options.max_model_len = 100;
  EXPECT_THROW(plan_scoring_sizes(kConfig, shard, options, 101), UsageError);
}

TEST(ChooseDtype, IsTheWishOrWhatTheFilesHold) {
  const auto backend = test::one_core_backend();
  ModelConfig config = kConfig;
  EngineOptions options;
  for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
    config.dtype = dtype;
    EXPECT_EQ(choose_dtype(*backend, config, options), dtype);
  }
  options.dtype = "f32";
  EXPECT_EQ(choose_dtype(*backend, config, options), Dtype::kF32);
}

TEST(ChooseDtype, NamesTheDtypesWhereABackendLacksOne) {
  BackendOptions with_onednn;
  with_onednn.linear = "onednn";
  std::unique_ptr<Backend> backend;
  try {
    backend = backend_registry().find("cpu").factory(with_onednn, {});
  } catch (const NotAvailableError& error) {
    GTEST_SKIP() << error.what();
  }
  ModelConfig config = kConfig;
  config.dtype = Dtype::kF16;
  try {
    choose_dtype(*backend, config, {});
    FAIL() << "oneDNN 2.6 has no f16 on a processor";
  } catch (const NotAvailableError& error) {
    EXPECT_STREQ(error.what(), "backend 'cpu' does not compute in f16 here; choose --dtype among: f32, bf16");
  }
}

}  // namespace
}  // namespace tpscale
