#pragma once
#include <memory>

#include "backend/ops.h"
#include "comm/communicator.h"
#include "support/deferred_work.h"

namespace tpscale::testing {

/// Ops whose work is done when the queue is drained, with the arguments they had when they were called.
class DeferredOps final : public Ops {
 public:
  DeferredOps(Ops& inner, WorkQueue& queue) : inner_(inner), queue_(queue) {}

  std::unique_ptr<LinearWeights> make_linear(std::int64_t out_features, std::int64_t in_features, Dtype dtype,
                                             bool lookup) override {
    queue_.forbid_while_recording("making weights");
    return inner_.make_linear(out_features, in_features, dtype, lookup);
  }
  void embedding(TensorView out, const LinearWeights& table, const std::int32_t* ids,
                 std::int64_t first_row) override {
    queue_.push([=, this, &table] { inner_.embedding(out, table, ids, first_row); });
  }
  void rms_norm(TensorView out, ConstTensorView x, const float* weight, float epsilon) override {
    queue_.push([=, this] { inner_.rms_norm(out, x, weight, epsilon); });
  }
  void add_rms_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                    float epsilon) override {
    queue_.push([=, this] { inner_.add_rms_norm(out, residual, x, weight, epsilon); });
  }
  void layer_norm(TensorView out, ConstTensorView x, const float* weight, const float* bias,
                  float epsilon) override {
    queue_.push([=, this] { inner_.layer_norm(out, x, weight, bias, epsilon); });
  }
  void add_layer_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                      const float* bias, float epsilon) override {
    queue_.push([=, this] { inner_.add_layer_norm(out, residual, x, weight, bias, epsilon); });
  }
  void add(TensorView out, ConstTensorView x) override {
    queue_.push([=, this] { inner_.add(out, x); });
  }
  void add_embedding(TensorView out, const LinearWeights& table, const std::int32_t* rows) override {
    queue_.push([=, this, &table] { inner_.add_embedding(out, table, rows); });
  }
  void gelu(TensorView out, ConstTensorView x, Gelu formula) override {
    queue_.push([=, this] { inner_.gelu(out, x, formula); });
  }
  void linear(TensorView out, ConstTensorView x, const LinearWeights& weights, const float* bias) override {
    queue_.push([=, this, &weights] { inner_.linear(out, x, weights, bias); });
  }
  void rope_and_store_kv(TensorView qkv, const HeadLayout& heads, const RotaryTable& rotary,
                         const HeadNorms& norms, const BatchView& batch, const KvLayerView& kv) override {
    queue_.push([=, this] { inner_.rope_and_store_kv(qkv, heads, rotary, norms, batch, kv); });
  }
  void paged_attention(TensorView out, ConstTensorView q, const HeadLayout& heads, const BatchView& batch,
                       const KvLayerView& kv, float scale, std::int64_t window) override {
    queue_.push([=, this] { inner_.paged_attention(out, q, heads, batch, kv, scale, window); });
  }
  void rotate_keys(const KvLayerView& rotated, const CachedTokens& cached,
                   const RotaryTable& rotary) override {
    queue_.push([=, this] { inner_.rotate_keys(rotated, cached, rotary); });
  }
  void key_norms(float* norms, const CachedTokens& cached, std::int64_t first) override {
    queue_.push([=, this] { inner_.key_norms(norms, cached, first); });
  }
  void drop_tokens(const CachedTokens& cached, const std::int32_t* dropped,
                   std::int64_t num_dropped) override {
    queue_.push([=, this] { inner_.drop_tokens(cached, dropped, num_dropped); });
  }
  void silu_and_mul(TensorView out, ConstTensorView gate_up) override {
    queue_.push([=, this] { inner_.silu_and_mul(out, gate_up); });
  }
  void gather_rows(TensorView out, ConstTensorView x, const std::int32_t* rows) override {
    queue_.push([=, this] { inner_.gather_rows(out, x, rows); });
  }
  void argmax(std::int32_t* ids, ConstTensorView logits, std::int64_t parts,
              std::int64_t vocab_size) override {
    queue_.push([=, this] { inner_.argmax(ids, logits, parts, vocab_size); });
  }
  void feed_tokens(std::int32_t* token_ids, const std::int32_t* sources, std::int64_t num_tokens,
                   const std::int32_t* chosen) override {
    queue_.push([=, this] { inner_.feed_tokens(token_ids, sources, num_tokens, chosen); });
  }

 private:
  Ops& inner_;
  WorkQueue& queue_;
};

/// Collectives in the order of a rank's deferred work. Agreement is a matter of the host and done at once.
class DeferredCommunicator final : public Communicator {
 public:
  DeferredCommunicator(Communicator& inner, WorkQueue& queue, bool capturable = true)
      : inner_(inner), queue_(queue), capturable_(capturable) {}

  std::string_view name() const noexcept override { return inner_.name(); }
  int rank() const noexcept override { return inner_.rank(); }
  int size() const noexcept override { return inner_.size(); }
  bool capturable() const noexcept override { return capturable_; }
  void all_reduce_sum(TensorView data) override {
    queue_.push([=, this] { inner_.all_reduce_sum(data); });
  }
  void all_gather(TensorView out, ConstTensorView in) override {
    queue_.push([=, this] { inner_.all_gather(out, in); });
  }
  void reduce_scatter_sum(TensorView out, ConstTensorView in) override {
    queue_.push([=, this] { inner_.reduce_scatter_sum(out, in); });
  }
  void broadcast(TensorView data, int root) override {
    queue_.push([=, this] { inner_.broadcast(data, root); });
  }
  void broadcast_host(std::span<std::byte> bytes, int root) override { inner_.broadcast_host(bytes, root); }
  void all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) override {
    inner_.all_gather_host(out, in);
  }
  void barrier() override { inner_.barrier(); }

 private:
  Communicator& inner_;
  WorkQueue& queue_;
  bool capturable_;
};

}  // namespace tpscale::testing
