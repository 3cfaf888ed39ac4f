#pragma once
#include <span>

#include "bench/trial/compression_texts.h"
#include "bench/trial/model_session.h"
#include "kv/eviction.h"

namespace tpscale {

/// How well each method predicts the texts, one token a forward pass, and what it keeps meanwhile: a row a
/// text in series of phase "quality", their names ending in the method's (text_nll, text_hits, text_tokens,
/// cache_tokens_mean, cache_tokens_max, cache_tokens_final; on every rank memory_peak, device_peak, kv_pool
/// and kv_cache_peak in bytes, the peaks reset before each text). Verdicts: the baseline predicts as one
/// uncut pass does; caches were as long as their methods say. By every rank of the group.
void measure_compression_quality(Launch& launch, RankGroup& group, ModelSession& session,
                                 std::span<const EvictionPolicy> methods, const CompressionTexts& texts,
                                 Point& point);

/// perplexity, accuracy, bits_per_byte, cache sizes and memory of a method, from these series.
void add_quality_figures(Point& point, const EvictionPolicy& method, const CompressionTexts& texts);

}  // namespace tpscale
