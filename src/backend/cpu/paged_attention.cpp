#include <algorithm>
#include <cstring>

#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {
namespace {

/// The work of a batch, item by item in a fixed order: (sequence, KV head, block of kQueryRows rows).
struct AttentionWork {
  const BatchView& batch;
  const HeadLayout& heads;
  std::int64_t group;

  std::int64_t queries(std::int64_t sequence) const {
    return batch.cu_seqlens_q[sequence + 1] - batch.cu_seqlens_q[sequence];
  }
  /// Calls visit(sequence, head, first row, last row, cost); the cost is what grows with rows and keys.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::int64_t sequence = 0; sequence < batch.num_sequences; ++sequence) {
      const std::int64_t rows = queries(sequence) * group;
      const std::int64_t before = batch.context_lens[sequence] - queries(sequence);
      for (std::int64_t head = 0; head < heads.num_kv_heads; ++head) {
        for (std::int64_t row = 0; row < rows; row += kQueryRows) {
          const std::int64_t last = std::min(rows, row + kQueryRows);
          constexpr std::int64_t kLoadingRows = 12;  // loading a chunk costs as much as this many rows
          visit(sequence, head, row, last, (last - row + kLoadingRows) * (before + last / group + kKeyChunk));
        }
      }
    }
  }
};

}  // namespace

void CpuOps::paged_attention(TensorView out, ConstTensorView q, const HeadLayout& heads,
                             const BatchView& batch, const KvLayerView& kv, float scale,
                             std::int64_t window) {
  check(q.cols >= heads.q_cols() && out.cols == heads.q_cols() && q.rows == batch.num_tokens &&
            out.rows == batch.num_tokens && q.dtype == kv.dtype && out.dtype == kv.dtype,
        "paged_attention: shapes do not fit");
  check(kv.num_kv_heads == heads.num_kv_heads && kv.head_dim == heads.head_dim,
        "paged_attention: the cache does not fit");
  const Kernels& table = kernels_for(q.dtype);
  const AttentionWork work{batch, heads, heads.num_heads / heads.num_kv_heads};
  const std::int64_t scratch = attention_scratch(heads.head_dim);
  grow(attention_scratch_, static_cast<std::size_t>(scratch * team_.size()) * sizeof(float));
  const auto size = static_cast<std::int64_t>(size_of(q.dtype));

  const auto run_item = [&](std::int64_t sequence, std::int64_t head, std::int64_t first_row,
                            std::int64_t last_row, int thread) {
    const std::int64_t token = batch.cu_seqlens_q[sequence];
    if (batch.context_lens[sequence] == 0) {  // padding: one token, whose rows are heads of the group
      const std::int64_t col = (head * work.group + first_row) * heads.head_dim;
      std::memset(element(out, token, col), 0,
                  static_cast<std::size_t>((last_row - first_row) * heads.head_dim * size));
      return;
    }
    const std::int64_t offset = head * kv.block_size * kv.head_dim * size;
    AttentionJob job;
    job.q = element(q, token, head * work.group * heads.head_dim);
    job.q_stride = q.row_stride;
    job.out = element(out, token, head * work.group * heads.head_dim);
    job.out_stride = out.row_stride;
    job.first_row = first_row;
    job.last_row = last_row;
    job.first_position = batch.context_lens[sequence] - work.queries(sequence);
    job.group = work.group;
    job.head_dim = heads.head_dim;
    job.window = window;
    job.scale = scale;
    job.keys = static_cast<const std::byte*>(kv.keys) + offset;
    job.values = static_cast<const std::byte*>(kv.values) + offset;
    job.block_stride = kv.block_stride;
    job.block_size = kv.block_size;
    job.block_table = batch.block_tables + sequence * batch.max_blocks;
    job.scratch = attention_scratch_.as<float>() + thread * scratch;
    table.attention(job);
  };

  std::int64_t total = 0;
  work.for_each([&](auto, auto, auto, auto, std::int64_t cost) { total += cost; });
  if (total == 0) return;
  const auto run_share =
      [&](int thread) {  // the items whose middle lies in the thread's part of the total cost
        const std::int64_t begin = total * thread / team_.size();
        const std::int64_t end = total * (thread + 1) / team_.size();
        std::int64_t done = 0;
        work.for_each([&](std::int64_t sequence, std::int64_t head, std::int64_t row, std::int64_t last,
                          std::int64_t cost) {
          const std::int64_t middle = done + cost / 2;
          done += cost;
          if (middle >= begin && middle < end) run_item(sequence, head, row, last, thread);
        });
      };
  team_.run(run_share);
}

}  // namespace tpscale::cpu
