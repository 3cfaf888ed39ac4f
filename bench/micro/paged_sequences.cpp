#include "bench/micro/paged_sequences.h"

#include <vector>

#include "kv/block_manager.h"

namespace tpscale {

PagedSequences::PagedSequences(Backend& backend, const RankShape& rank, Dtype dtype, const PagedShape& shape)
    : shape_(shape) {
  const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  const std::int64_t blocks = blocks_for(shape.context, shape.block_size);
  std::vector<std::int32_t> starts, contexts, tables, slots, positions;
  for (std::int64_t s = 0; s < shape.sequences; ++s) {
    starts.push_back(narrow(s * shape.queries));
    contexts.push_back(narrow(shape.context));
    for (std::int64_t b = 0; b < blocks; ++b) tables.push_back(narrow(b * shape.sequences + s));
    for (std::int64_t p = shape.context - shape.queries; p < shape.context; ++p) {
      const std::int64_t block = p / shape.block_size * shape.sequences + s;
      slots.push_back(narrow(block * shape.block_size + p % shape.block_size));
      positions.push_back(narrow(p));
    }
  }
  starts.push_back(narrow(tokens()));
  starts_ = device_integers(backend, starts);
  contexts_ = device_integers(backend, contexts);
  tables_ = device_integers(backend, tables);
  slots_ = device_integers(backend, slots);
  positions_ = device_integers(backend, positions);
  batch_.num_tokens = tokens();
  batch_.num_sequences = shape.sequences;
  batch_.max_blocks = blocks;
  batch_.max_query_len = shape.queries;
  batch_.max_context_len = shape.context;
  batch_.cu_seqlens_q = starts_.as<std::int32_t>();
  batch_.context_lens = contexts_.as<std::int32_t>();
  batch_.block_tables = tables_.as<std::int32_t>();
  batch_.slot_mapping = slots_.as<std::int32_t>();
  batch_.rope_rows = positions_.as<std::int32_t>();

  const HeadLayout heads = rank.heads();
  kv_.dtype = dtype;
  kv_.num_blocks = blocks * shape.sequences;
  kv_.block_size = shape.block_size;
  kv_.num_kv_heads = heads.num_kv_heads;
  kv_.head_dim = heads.head_dim;
  kv_.block_stride = shape.block_size * heads.kv_cols();
  keys_ = random_tensor(backend, dtype, kv_.num_blocks * kv_.block_stride, 1);
  values_ = random_tensor(backend, dtype, kv_.num_blocks * kv_.block_stride, 2);
  kv_.keys = keys_.data();
  kv_.values = values_.data();
}

}  // namespace tpscale
