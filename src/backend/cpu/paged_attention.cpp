#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::paged_attention(TensorView out, ConstTensorView q, const HeadLayout& heads,
                             const BatchView& batch, const KvLayerView& kv, float scale,
                             std::int64_t window) {
  check(q.cols >= heads.q_cols() && out.cols == heads.q_cols() && q.rows == batch.num_tokens &&
            out.rows == batch.num_tokens && q.dtype == kv.dtype && out.dtype == kv.dtype,
        "paged_attention: shapes do not fit");
  const Kernels& table = kernels_for(q.dtype);
  const std::int64_t group = heads.num_heads / heads.num_kv_heads;
  const std::int64_t scratch = attention_scratch(group, heads.head_dim);
  grow(attention_scratch_, static_cast<std::size_t>(scratch * team_.size()) * sizeof(float));
  const auto size = static_cast<std::int64_t>(size_of(q.dtype));
  const std::int64_t count = batch.num_sequences * heads.num_kv_heads;
  team_.divide(count, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t sequence = i / heads.num_kv_heads;
      const std::int64_t head = i % heads.num_kv_heads;
      const std::int64_t first = batch.cu_seqlens_q[sequence];
      AttentionJob job;
      job.q = element(q, first, head * group * heads.head_dim);
      job.q_stride = q.row_stride;
      job.out = element(out, first, head * group * heads.head_dim);
      job.out_stride = out.row_stride;
      job.last_query = batch.cu_seqlens_q[sequence + 1] - first;
      job.first_position = batch.context_lens[sequence] - job.last_query;
      job.group = group;
      job.head_dim = heads.head_dim;
      job.window = window;
      job.scale = scale;
      const std::int64_t offset = head * kv.block_size * kv.head_dim * size;
      job.keys = static_cast<const std::byte*>(kv.keys) + offset;
      job.values = static_cast<const std::byte*>(kv.values) + offset;
      job.block_stride = kv.block_stride;
      job.block_size = kv.block_size;
      job.block_table = batch.block_tables + sequence * batch.max_blocks;
      job.scratch = attention_scratch_.as<float>() + thread * scratch;
      table.attention(job);
    }
  });
}

}  // namespace tpscale::cpu
