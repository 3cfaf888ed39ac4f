#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "bench/timing/timed_communicator.h"
#include "bench/timing/timed_ops.h"
#include "comm/single_rank.h"

namespace tpscale {
namespace {

constexpr auto kNap = std::chrono::milliseconds(2);
constexpr double kNapSeconds = 0.002;

/// Enqueued work is done when somebody waits: only a decorator that synchronises can see its seconds.
class LazyStream final : public Stream {
 public:
  void synchronize() override {
    for (; pending > 0; --pending) std::this_thread::sleep_for(kNap);
  }
  void* native() const noexcept override { return nullptr; }
  int pending = 0;
};

class LazyOps final : public Ops {
 public:
  explicit LazyOps(LazyStream& stream) : stream_(stream) {}
  std::unique_ptr<LinearWeights> make_linear(std::int64_t, std::int64_t, Dtype, bool) override {
    return nullptr;
  }
  void embedding(TensorView, const LinearWeights&, const std::int32_t*, std::int64_t) override {
    enqueue("embedding");
  }
  void rms_norm(TensorView, ConstTensorView, const float*, float) override { enqueue("rms_norm"); }
  void add_rms_norm(TensorView, TensorView, ConstTensorView, const float*, float) override {
    enqueue("add_rms_norm");
  }
  void layer_norm(TensorView, ConstTensorView, const float*, const float*, float) override {
    enqueue("layer_norm");
  }
  void add_layer_norm(TensorView, TensorView, ConstTensorView, const float*, const float*, float) override {
    enqueue("add_layer_norm");
  }
  void add(TensorView, ConstTensorView) override { enqueue("add"); }
  void add_embedding(TensorView, const LinearWeights&, const std::int32_t*) override {
    enqueue("add_embedding");
  }
  void gelu(TensorView, ConstTensorView, Gelu) override { enqueue("gelu"); }
  void linear(TensorView, ConstTensorView, const LinearWeights&, const float*) override { enqueue("linear"); }
  void rope_and_store_kv(TensorView, const HeadLayout&, const RotaryTable&, const HeadNorms&,
                         const BatchView&, const KvLayerView&) override {
    enqueue("rope");
  }
  void paged_attention(TensorView, ConstTensorView, const HeadLayout&, const BatchView&, const KvLayerView&,
                       float, std::int64_t) override {
    enqueue("attention");
  }
  void rotate_keys(const KvLayerView&, const CachedTokens&, const RotaryTable&) override {
    enqueue("rotate");
  }
  void key_norms(float*, const CachedTokens&, std::int64_t) override { enqueue("norms"); }
  void drop_tokens(const CachedTokens&, const std::int32_t*, std::int64_t) override { enqueue("drop"); }
  void silu_and_mul(TensorView, ConstTensorView) override { enqueue("silu"); }
  void gather_rows(TensorView, ConstTensorView, const std::int32_t*) override { enqueue("gather"); }
  void argmax(std::int32_t*, ConstTensorView, std::int64_t, std::int64_t) override { enqueue("argmax"); }
  void feed_tokens(std::int32_t*, const std::int32_t*, std::int64_t, const std::int32_t*) override {
    enqueue("feed");
  }

  std::string called;

 private:
  void enqueue(const char* name) {
    called = name;
    ++stream_.pending;
  }
  LazyStream& stream_;
};

class NoWeights final : public LinearWeights {
 public:
  std::int64_t out_features() const noexcept override { return 0; }
  std::int64_t in_features() const noexcept override { return 0; }
  Dtype dtype() const noexcept override { return Dtype::kF32; }
  std::size_t bytes() const noexcept override { return 0; }
  void write_rows(std::int64_t, ConstTensorView) override {}
};

class DecoratorsTest : public testing::Test {
 protected:
  /// Where the one nap went.
  void expect_only(StepPart part, const char* op) {
    EXPECT_EQ(inner_.called, op);
    const PartSeconds seconds = timer_.take();
    for (std::size_t i = 0; i < kStepParts; ++i) {
      if (i == static_cast<std::size_t>(part)) {
        EXPECT_GE(seconds[i], kNapSeconds) << op;
      } else {
        EXPECT_EQ(seconds[i], 0.0) << op;
      }
    }
    EXPECT_EQ(stream_.pending, 0);
  }

  LazyStream stream_;
  LazyOps inner_{stream_};
  StepTimer timer_{stream_};
  TimedOps ops_{inner_, timer_};
  NoWeights weights_;
};

TEST_F(DecoratorsTest, EveryOpIsHandedOnAndCountedOnceInItsPart) {
  ops_.linear({}, {}, weights_, nullptr);
  expect_only(StepPart::kGemm, "linear");
  ops_.paged_attention({}, {}, {}, {}, {}, 1.0F, 0);
  expect_only(StepPart::kAttention, "attention");
  ops_.embedding({}, weights_, nullptr, 0);
  expect_only(StepPart::kOther, "embedding");
  ops_.rms_norm({}, {}, nullptr, 0.0F);
  expect_only(StepPart::kOther, "rms_norm");
  ops_.add_rms_norm({}, {}, {}, nullptr, 0.0F);
  expect_only(StepPart::kOther, "add_rms_norm");
  ops_.layer_norm({}, {}, nullptr, nullptr, 0.0F);
  expect_only(StepPart::kOther, "layer_norm");
  ops_.add_layer_norm({}, {}, {}, nullptr, nullptr, 0.0F);
  expect_only(StepPart::kOther, "add_layer_norm");
  ops_.add({}, {});
  expect_only(StepPart::kOther, "add");
  ops_.add_embedding({}, weights_, nullptr);
  expect_only(StepPart::kOther, "add_embedding");
  ops_.gelu({}, {}, Gelu::kErf);
  expect_only(StepPart::kOther, "gelu");
  ops_.rope_and_store_kv({}, {}, {}, {}, {}, {});
  expect_only(StepPart::kOther, "rope");
  ops_.rotate_keys({}, {}, {});
  expect_only(StepPart::kOther, "rotate");
  ops_.key_norms(nullptr, {}, 0);
  expect_only(StepPart::kOther, "norms");
  ops_.drop_tokens({}, nullptr, 0);
  expect_only(StepPart::kOther, "drop");
  ops_.silu_and_mul({}, {});
  expect_only(StepPart::kOther, "silu");
  ops_.gather_rows({}, {}, nullptr);
  expect_only(StepPart::kOther, "gather");
  ops_.argmax(nullptr, {}, 1, 1);
  expect_only(StepPart::kOther, "argmax");
  ops_.feed_tokens(nullptr, nullptr, 0, nullptr);
  expect_only(StepPart::kOther, "feed");
}

TEST_F(DecoratorsTest, TakeBeginsAnew) {
  ops_.linear({}, {}, weights_, nullptr);
  timer_.take();
  EXPECT_EQ(timer_.take(), PartSeconds{});
}

TEST_F(DecoratorsTest, CollectivesAreTimedAndAgreementIsNot) {
  SingleRank single;
  TimedCommunicator comm(single, timer_);
  EXPECT_EQ(comm.size(), 1);
  EXPECT_EQ(comm.name(), single.name());
  comm.barrier();
  comm.broadcast_host({}, 0);
  EXPECT_EQ(timer_.take(), PartSeconds{});
  stream_.pending = 1;  // what a device's collective leaves behind
  comm.all_reduce_sum({});
  const PartSeconds seconds = timer_.take();
  EXPECT_GE(seconds[static_cast<std::size_t>(StepPart::kCollective)], kNapSeconds);
  EXPECT_EQ(seconds[static_cast<std::size_t>(StepPart::kGemm)], 0.0);
}

}  // namespace
}  // namespace tpscale
