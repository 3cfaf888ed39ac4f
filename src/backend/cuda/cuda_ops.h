#pragma once
#include <cuda_runtime_api.h>

#include <memory>

#include "backend/cuda/attention_scratch.h"
#include "backend/cuda/cuda_device.h"
#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/cuda_memory.h"
#include "backend/cuda/cuda_stream.h"
#include "backend/cuda/linear_choices.h"
#include "backend/cuda/pinned_staging.h"
#include "backend/ops.h"

namespace tpscale::cuda {

class LinearRunner;  // linear_runner.h: cuBLASLt and the own kernels, and which of them a shape takes

/// The ops of the CUDA backend; each has a file of its name. All are enqueued on one stream.
class CudaOps final : public Ops {
 public:
  CudaOps(CudaMemory& memory, CudaStream& stream, PinnedStaging& staging, const CudaDevice& device,
          LinearRunner& linear)
      : memory_(memory),
        weights_stream_(stream),
        staging_(staging),
        stream_(stream.get()),
        device_(device),
        linear_(linear) {}

  std::unique_ptr<LinearWeights> make_linear(std::int64_t out_features, std::int64_t in_features, Dtype dtype,
                                             bool lookup) override;
  void tune_linear(std::int64_t rows, const LinearWeights& weights) override;
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
  void linear_silu_and_mul(TensorView out, ConstTensorView x, const LinearWeights& weights, const float* bias,
                           TensorView gate_up) override;
  void add_rms_norm_linear(TensorView out, ResidualStream& residual, const PendingNorm& norm,
                           const LinearWeights& weights, const float* bias) override;
  void add_rms_norm_linear_silu_and_mul(TensorView out, ResidualStream& residual, const PendingNorm& norm,
                                        const LinearWeights& weights, const float* bias,
                                        TensorView gate_up) override;
  void gather_rows(TensorView out, ConstTensorView x, const std::int32_t* rows) override;
  void argmax(std::int32_t* ids, ConstTensorView logits, std::int64_t parts,
              std::int64_t vocab_size) override;
  void feed_tokens(std::int32_t* token_ids, const std::int32_t* sources, std::int64_t num_tokens,
                   const std::int32_t* chosen) override;

 private:
  /// One kernel for all of it; false, and nothing enqueued, where there is none for these rows.
  bool enqueue_fused(TensorView out, const ResidualStream& residual, const PendingNorm& norm,
                     const CudaLinearWeights& weights, const float* bias, LinearUse use);
  void tune_fused(std::int64_t rows, const CudaLinearWeights& weights, LinearUse use);

  CudaMemory& memory_;
  CudaStream& weights_stream_;
  PinnedStaging& staging_;
  cudaStream_t stream_;
  CudaDevice device_;
  LinearRunner& linear_;
  Buffer argmax_scratch_;               ///< see argmax.cu; grows before any capture
  AttentionScratch attention_scratch_;  ///< partial results of a decode split over the KV length
};

}  // namespace tpscale::cuda
