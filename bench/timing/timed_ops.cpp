#include "bench/timing/timed_ops.h"

namespace tpscale {

std::unique_ptr<LinearWeights> TimedOps::make_linear(std::int64_t out_features, std::int64_t in_features,
                                                     Dtype dtype, bool lookup) {
  return inner_.make_linear(out_features, in_features, dtype, lookup);
}

void TimedOps::embedding(TensorView out, const LinearWeights& table, const std::int32_t* ids,
                         std::int64_t first_row) {
  timer_.measure(StepPart::kOther, [&] { inner_.embedding(out, table, ids, first_row); });
}

void TimedOps::rms_norm(TensorView out, ConstTensorView x, const float* weight, float epsilon) {
  timer_.measure(StepPart::kOther, [&] { inner_.rms_norm(out, x, weight, epsilon); });
}

void TimedOps::add_rms_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                            float epsilon) {
  timer_.measure(StepPart::kOther, [&] { inner_.add_rms_norm(out, residual, x, weight, epsilon); });
}

void TimedOps::layer_norm(TensorView out, ConstTensorView x, const float* weight, const float* bias,
                          float epsilon) {
  timer_.measure(StepPart::kOther, [&] { inner_.layer_norm(out, x, weight, bias, epsilon); });
}

void TimedOps::add_layer_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                              const float* bias, float epsilon) {
  timer_.measure(StepPart::kOther, [&] { inner_.add_layer_norm(out, residual, x, weight, bias, epsilon); });
}

void TimedOps::add(TensorView out, ConstTensorView x) {
  timer_.measure(StepPart::kOther, [&] { inner_.add(out, x); });
}

void TimedOps::add_embedding(TensorView out, const LinearWeights& table, const std::int32_t* rows) {
  timer_.measure(StepPart::kOther, [&] { inner_.add_embedding(out, table, rows); });
}

void TimedOps::gelu(TensorView out, ConstTensorView x, Gelu formula) {
  timer_.measure(StepPart::kOther, [&] { inner_.gelu(out, x, formula); });
}

void TimedOps::linear(TensorView out, ConstTensorView x, const LinearWeights& weights, const float* bias) {
  timer_.measure(StepPart::kGemm, [&] { inner_.linear(out, x, weights, bias); });
}

void TimedOps::rope_and_store_kv(TensorView qkv, const HeadLayout& heads, const RotaryTable& rotary,
                                 const HeadNorms& norms, const BatchView& batch, const KvLayerView& kv) {
  timer_.measure(StepPart::kOther, [&] { inner_.rope_and_store_kv(qkv, heads, rotary, norms, batch, kv); });
}

void TimedOps::paged_attention(TensorView out, ConstTensorView q, const HeadLayout& heads,
                               const BatchView& batch, const KvLayerView& kv, float scale,
                               std::int64_t window) {
  timer_.measure(StepPart::kAttention,
                 [&] { inner_.paged_attention(out, q, heads, batch, kv, scale, window); });
}

void TimedOps::rotate_keys(const KvLayerView& rotated, const CachedTokens& cached,
                           const RotaryTable& rotary) {
  timer_.measure(StepPart::kOther, [&] { inner_.rotate_keys(rotated, cached, rotary); });
}

void TimedOps::key_norms(float* norms, const CachedTokens& cached, std::int64_t first) {
  timer_.measure(StepPart::kOther, [&] { inner_.key_norms(norms, cached, first); });
}

void TimedOps::drop_tokens(const CachedTokens& cached, const std::int32_t* dropped,
                           std::int64_t num_dropped) {
  timer_.measure(StepPart::kOther, [&] { inner_.drop_tokens(cached, dropped, num_dropped); });
}

void TimedOps::silu_and_mul(TensorView out, ConstTensorView gate_up) {
  timer_.measure(StepPart::kOther, [&] { inner_.silu_and_mul(out, gate_up); });
}

void TimedOps::gather_rows(TensorView out, ConstTensorView x, const std::int32_t* rows) {
  timer_.measure(StepPart::kOther, [&] { inner_.gather_rows(out, x, rows); });
}

void TimedOps::argmax(std::int32_t* ids, ConstTensorView logits, std::int64_t parts,
                      std::int64_t vocab_size) {
  timer_.measure(StepPart::kOther, [&] { inner_.argmax(ids, logits, parts, vocab_size); });
}

void TimedOps::feed_tokens(std::int32_t* token_ids, const std::int32_t* sources, std::int64_t num_tokens,
                           const std::int32_t* chosen) {
  timer_.measure(StepPart::kOther, [&] { inner_.feed_tokens(token_ids, sources, num_tokens, chosen); });
}

}  // namespace tpscale
