#pragma once
// Attention of one KV head over the paged cache with an online softmax (Milakov, Gimelshein 2018) over chunks
// of kKeyChunk positions counted from 0: the bits depend neither on the block size nor on how a prefill was
// cut.
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/vec.h"

namespace tpscale::cpu {
namespace {

constexpr std::int64_t kKeyChunk = 64;

template <class Element>
inline const Element* key_row(const AttentionJob& job, const void* cache, std::int64_t position) {
  const std::int64_t block = job.block_table[position / job.block_size];
  return static_cast<const Element*>(cache) + block * job.block_stride +
         (position % job.block_size) * job.head_dim;
}

template <class Element>
inline float dot(const float* q, const Element* key, std::int64_t n) {
  VecF acc{};
  for (std::int64_t d = 0; d < n; d += kLanes) acc += load_some(q + d, n - d) * load_some(key + d, n - d);
  return sum(acc);
}

template <class Element>
inline void attend_one(const AttentionJob& job, std::int64_t query, std::int64_t head) {
  const std::int64_t dim = job.head_dim;
  float* q = job.scratch;
  float* acc = q + dim;
  float* weights = acc + dim;
  const auto* q_row = static_cast<const Element*>(job.q) + query * job.q_stride + head * dim;
  for (std::int64_t d = 0; d < dim; d += kLanes) {
    store_some(q + d, load_some(q_row + d, dim - d) * job.scale, dim - d);
    store_some(acc + d, VecF{}, dim - d);
  }
  const std::int64_t last = job.first_position + query;
  const std::int64_t first = job.window > 0 && last + 1 > job.window ? last + 1 - job.window : 0;
  float largest_score = -3.0e38F;
  float total = 0.0F;
  for (std::int64_t chunk = first / kKeyChunk * kKeyChunk; chunk <= last; chunk += kKeyChunk) {
    const std::int64_t begin = chunk > first ? chunk : first;
    const std::int64_t end = chunk + kKeyChunk <= last ? chunk + kKeyChunk : last + 1;
    float chunk_largest = largest_score;
    for (std::int64_t p = begin; p < end; ++p) {
      weights[p - chunk] = dot(q, key_row<Element>(job, job.keys, p), dim);
      chunk_largest = weights[p - chunk] > chunk_largest ? weights[p - chunk] : chunk_largest;
    }
    const float shrink = exp(splat(largest_score - chunk_largest))[0];
    largest_score = chunk_largest;
    total *= shrink;
    for (std::int64_t d = 0; d < dim; d += kLanes)
      store_some(acc + d, load_some(acc + d, dim - d) * shrink, dim - d);
    for (std::int64_t p = begin; p < end; ++p) {
      const float weight = exp(splat(weights[p - chunk] - largest_score))[0];
      total += weight;
      const Element* value = key_row<Element>(job, job.values, p);
      for (std::int64_t d = 0; d < dim; d += kLanes) {
        store_some(acc + d, load_some(acc + d, dim - d) + load_some(value + d, dim - d) * weight, dim - d);
      }
    }
  }
  auto* out = static_cast<Element*>(job.out) + query * job.out_stride + head * dim;
  for (std::int64_t d = 0; d < dim; d += kLanes)
    store_some(out + d, load_some(acc + d, dim - d) / total, dim - d);
}

template <class Element>
void attention(const AttentionJob& job) {
  for (std::int64_t query = job.first_query; query < job.last_query; ++query) {
    for (std::int64_t head = 0; head < job.group; ++head) attend_one<Element>(job, query, head);
  }
}

}  // namespace
}  // namespace tpscale::cpu
