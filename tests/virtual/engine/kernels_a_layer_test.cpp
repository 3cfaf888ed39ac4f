// How many kernels a decode step launches: the operations of its graph.
#include <gtest/gtest.h>

#include "comm/single_rank.h"
#include "engine/decode_graphs.h"
#include "engine/engine.h"
#include "model/synthetic.h"
#include "parallel/shard_plan.h"
#include "support/backend_under_test.h"

namespace tpscale {
namespace {

constexpr std::int64_t kMostKernelsALayer = 6;
constexpr std::int64_t kMostSequences = 512;

/// Norms of heads and biases everywhere: whatever a layer can hold.
ModelConfig config_of(std::int64_t layers) {
  ModelConfig config;
  config.name = "kernels";
  config.architecture = "qwen3";
  config.vocab_size = 16;
  config.hidden_size = 16;
  config.intermediate_size = 16;
  config.num_layers = layers;
  config.num_heads = config.num_kv_heads = 1;
  config.head_dim = 16;
  config.max_position_embeddings = 32;
  config.qk_norm = config.qkv_bias = config.o_bias = config.mlp_bias = true;
  return config;
}

std::vector<GraphBucket> captured(std::int64_t layers, Dtype dtype) {
  const auto backend = test::make_backend_under_test({});
  const SyntheticModel model(config_of(layers), 1);
  SingleRank alone;
  const ModelShard shard = plan_shard(model.config(), 1, 0);
  EngineOptions options;
  options.dtype = to_string(dtype);
  options.max_num_seqs = kMostSequences;
  const std::vector<Request> requests(kMostSequences, Request{.prompt = {1}, .max_new_tokens = 2});
  Engine engine(*backend, alone, model, shard, options, plan_sizes(model.config(), shard, options, requests));
  engine.warm_up();
  return engine.graph_facts().buckets;
}

class KernelsALayer : public ::testing::TestWithParam<Dtype> {};

TEST_P(KernelsALayer, AreSixAtMostInEveryBucket) {
  const auto one = captured(1, GetParam());
  const auto two = captured(2, GetParam());
  ASSERT_EQ(one.size(), graph_buckets(kMostSequences).size());
  ASSERT_EQ(two.size(), one.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(two[i].nodes - one[i].nodes, kMostKernelsALayer) << one[i].sequences << " sequences";
    // Around the layers: the tokens fed back, their embedding and its norm, the last norm, the rows that are
    // wanted, their logits and the choice.
    EXPECT_LE(one[i].nodes, kMostKernelsALayer + 7) << one[i].sequences << " sequences";
  }
}

INSTANTIATE_TEST_SUITE_P(Virtual, KernelsALayer, ::testing::Values(Dtype::kF32, Dtype::kBF16),
                         [](const auto& dtype) { return std::string(to_string(dtype.param)); });

}  // namespace
}  // namespace tpscale
