#pragma once
#include <memory>

#include "backend/backend.h"
#include "backend/cpu/cpu_memory.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/thread_team.h"

namespace tpscale::cpu {

/// The ops of the CPU backend; each has a file of its name.
class CpuOps final : public Ops {
 public:
  CpuOps(CpuMemory& memory, ThreadTeam& team, Isa isa, bool onednn)
      : memory_(memory), team_(team), isa_(isa), onednn_(onednn) {}

  std::unique_ptr<LinearWeights> make_linear(std::int64_t out_features, std::int64_t in_features, Dtype dtype,
                                             bool lookup) override;
  void embedding(TensorView out, const LinearWeights& table, const std::int32_t* ids,
                 std::int64_t first_row) override;
  void rms_norm(TensorView out, ConstTensorView x, const float* weight, float epsilon) override;
  void add_rms_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                    float epsilon) override;
  void layer_norm(TensorView out, ConstTensorView x, const float* weight, const float* bias,
                  float epsilon) override;
  void add_layer_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                      const float* bias, float epsilon) override;
  void add(TensorView out, ConstTensorView x) override;
  void add_embedding(TensorView out, const LinearWeights& table, const std::int32_t* rows) override;
  void gelu(TensorView out, ConstTensorView x, Gelu formula) override;
  void linear(TensorView out, ConstTensorView x, const LinearWeights& weights, const float* bias) override;
  void rope_and_store_kv(TensorView qkv, const HeadLayout& heads, const RotaryTable& rotary,
                         const HeadNorms& norms, const BatchView& batch, const KvLayerView& kv) override;
  void paged_attention(TensorView out, ConstTensorView q, const HeadLayout& heads, const BatchView& batch,
                       const KvLayerView& kv, float scale, std::int64_t window) override;
  void rotate_keys(const KvLayerView& rotated, const CachedTokens& cached,
                   const RotaryTable& rotary) override;
  void key_norms(float* norms, const CachedTokens& cached, std::int64_t first) override;
  void drop_tokens(const CachedTokens& cached, const std::int32_t* dropped,
                   std::int64_t num_dropped) override;
  void silu_and_mul(TensorView out, ConstTensorView gate_up) override;
  void gather_rows(TensorView out, ConstTensorView x, const std::int32_t* rows) override;
  void argmax(std::int32_t* ids, ConstTensorView logits, std::int64_t parts,
              std::int64_t vocab_size) override;
  void feed_tokens(std::int32_t* token_ids, const std::int32_t* sources, std::int64_t num_tokens,
                   const std::int32_t* chosen) override;

 private:
  const Kernels& kernels_for(Dtype dtype) const;
  void grow(Buffer& buffer, std::size_t bytes);  ///< scratch: made on first use, kept

  CpuMemory& memory_;
  ThreadTeam& team_;
  Isa isa_;
  bool onednn_;             ///< linear layers by oneDNN
  Buffer gemm_scratch_;     ///< packed activations
  Buffer partial_scratch_;  ///< [threads, kMaxRows, kPanelCols]
  Buffer attention_scratch_;
  Buffer embedding_scratch_;  ///< [threads, hidden]
};

}  // namespace tpscale::cpu
