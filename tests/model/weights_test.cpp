#include "model/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "model/cost.h"
#include "model/synthetic.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

using testing::HasSubstr;

std::unique_ptr<Backend> make_backend() {
  BackendOptions options;
  options.threads = 1;
  options.huge_pages = false;
  return backend_registry().find("cpu").factory(options, {});
}

/// What the backend keeps for itself is not counted.
std::size_t weights_held(Backend& backend) {
  return backend.memory().use().by_kind[static_cast<std::size_t>(MemoryKind::kWeights)];
}

/// A model whose disk breaks after some reads.
class BreakingSource final : public ModelSource {
 public:
  BreakingSource(ModelConfig config, int good_reads) : inner_(std::move(config), 5), left_(good_reads) {}
  const ModelConfig& config() const noexcept override { return inner_.config(); }
  bool synthetic() const noexcept override { return true; }
  std::string weights_hash() const override { return inner_.weights_hash(); }
  std::vector<std::string> notes() const override { return {}; }
  Dtype dtype_of(const std::string& name) const override { return inner_.dtype_of(name); }
  void read(const TensorSlice& slice, void* out) const override {
    if (left_-- <= 0) throw InputOutputError("the disk broke at " + slice.name);
    inner_.read(slice, out);
  }

 private:
  SyntheticModel inner_;
  mutable std::atomic<int> left_;
};

TEST(LoadWeights, AReadErrorAtAnyPointIsThrownAndLeavesNothingBehind) {
  const ModelConfig config = preset_config("tiny");
  const auto backend = make_backend();
  for (const int good_reads : {0, 5, 9, 10, 12, 30}) {
    try {
      load_weights(*backend, BreakingSource(config, good_reads), plan_shard(config, 1, 0), Dtype::kF32);
      ADD_FAILURE() << "no error after " << good_reads << " reads";
    } catch (const InputOutputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("the disk broke at model."));
    }
    EXPECT_EQ(weights_held(*backend), 0U);
  }
}

TEST(LoadWeights, ATiedHeadIsTheEmbedding) {
  ModelConfig config = preset_config("tiny");
  const auto backend = make_backend();
  const auto untied =
      load_weights(*backend, SyntheticModel(config, 5), plan_shard(config, 1, 0), Dtype::kBF16);
  EXPECT_NE(&untied.head(), untied.embedding.get());
  const std::size_t with_head = weights_held(*backend);
  config.tied_embeddings = true;
  const auto tied = load_weights(*backend, SyntheticModel(config, 5), plan_shard(config, 1, 0), Dtype::kBF16);
  EXPECT_EQ(&tied.head(), tied.embedding.get());
  EXPECT_EQ(2 * with_head - weights_held(*backend), untied.head().bytes());
}

TEST(LoadWeights, HoldNoMoreThanTheAnalyticSizeAndItsPadding) {
  const ModelConfig config = preset_config("tiny");
  const auto backend = make_backend();
  for (const int degree : {1, 2, 4}) {
    const ModelShard shard = plan_shard(config, degree, degree - 1);
    const auto weights = load_weights(*backend, SyntheticModel(config, 5), shard, Dtype::kF32);
    const auto held = static_cast<double>(weights_held(*backend));
    const auto analytic = static_cast<double>(weight_bytes(config, shard, Dtype::kF32));
    EXPECT_GE(held, analytic);
    EXPECT_LE(held, 1.1 * analytic) << "degree " << degree;
  }
}

TEST(LoadWeights, VectorsAreRoundedToTheComputeDtype) {
  ModelConfig config = preset_config("tiny");
  config.qkv_bias = config.o_bias = true;
  config.dtype = Dtype::kF32;
  const auto backend = make_backend();
  const SyntheticModel source(config, 5);
  const auto weights = load_weights(*backend, source, plan_shard(config, 2, 0), Dtype::kBF16);
  const auto other_rank = load_weights(*backend, source, plan_shard(config, 2, 1), Dtype::kBF16);
  std::vector<float> stored(128), held(128);
  source.read({"model.layers.3.self_attn.o_proj.bias", 0, 1, 0, 128}, stored.data());
  backend->download(held.data(), weights.layers[3].o_bias, held.size() * sizeof(float));
  int rounded = 0;
  for (std::size_t i = 0; i < held.size(); ++i) {
    EXPECT_EQ(held[i], static_cast<float>(BFloat16(stored[i])));
    rounded += held[i] != stored[i] ? 1 : 0;
  }
  EXPECT_GT(rounded, 100);
  EXPECT_EQ(other_rank.layers[3].o_bias, nullptr) << "the all-reduce would add it twice";
  // Rank 1's query biases begin at head 4, its key biases behind 64 query components.
  source.read({"model.layers.0.self_attn.k_proj.bias", 0, 1, 64, 64}, stored.data());
  backend->download(held.data(), other_rank.layers[0].qkv_bias, held.size() * sizeof(float));
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(held[64 + i], static_cast<float>(BFloat16(stored[i])));
}

}  // namespace
}  // namespace tpscale
