#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "backend/backend.h"
#include "backend/batch_view.h"
#include "support/device_tensor.h"

namespace tpscale::testing {

struct SequenceShape {
  std::int64_t queries = 1;
  std::int64_t context = 1;  ///< tokens in the cache after the step, queries included; 0: padding
};

struct CacheShape {
  std::int64_t kv_heads = 1;
  std::int64_t head_dim = 16;
  std::int64_t block_size = 16;
};

/// A batch over a paged cache with scattered blocks. Keys and values of (sequence, position, KV head) are
/// random; every slot that belongs to no token holds NaN, so that a kernel that lets one count is seen.
class PagedBatch {
 public:
  PagedBatch(Backend& backend, Dtype dtype, const std::vector<SequenceShape>& sequences,
             const CacheShape& shape, std::uint64_t seed = 1)
      : sequences_(sequences), shape_(shape), dtype_(dtype), backend_(backend) {
    plan_blocks(seed);
    const std::int64_t elements = num_blocks_ * block_stride();
    std::vector<double> keys(static_cast<std::size_t>(elements), std::numeric_limits<double>::quiet_NaN());
    std::vector<double> values = keys;
    for (std::size_t s = 0; s < sequences_.size(); ++s) {
      key_rows_.push_back(random_values(sequences_[s].context * row(), seed * 1000 + 2 * s, dtype));
      value_rows_.push_back(random_values(sequences_[s].context * row(), seed * 1000 + 2 * s + 1, dtype));
      for (std::int64_t p = 0; p < sequences_[s].context; ++p) {
        for (std::int64_t h = 0; h < shape_.kv_heads; ++h) {
          for (std::int64_t d = 0; d < shape_.head_dim; ++d) {
            const std::size_t from = static_cast<std::size_t>(p * row() + h * shape_.head_dim + d);
            const std::size_t to = static_cast<std::size_t>(place(slot(s, p), h) + d);
            keys[to] = key_rows_[s][from];
            values[to] = value_rows_[s][from];
          }
        }
      }
    }
    keys_.emplace_back(backend, dtype, 1, elements, keys);
    values_.emplace_back(backend, dtype, 1, elements, values);
    upload();
  }

  std::int64_t tokens() const { return tokens_; }
  std::int64_t row() const { return shape_.kv_heads * shape_.head_dim; }
  std::int64_t slot(std::size_t sequence, std::int64_t position) const {
    const std::int64_t block = tables_[sequence * static_cast<std::size_t>(max_blocks_) +
                                       static_cast<std::size_t>(position / shape_.block_size)];
    return block * shape_.block_size + position % shape_.block_size;
  }
  /// Element of component 0 of a slot and KV head.
  std::int64_t place(std::int64_t slot, std::int64_t head) const {
    return slot / shape_.block_size * block_stride() +
           (head * shape_.block_size + slot % shape_.block_size) * shape_.head_dim;
  }
  /// Rows [first, last] of one KV head of a sequence: [last - first + 1, head_dim].
  std::vector<double> rows(bool keys, std::size_t sequence, std::int64_t head, std::int64_t first,
                           std::int64_t last) const {
    std::vector<double> out;
    const auto& from = keys ? key_rows_[sequence] : value_rows_[sequence];
    for (std::int64_t p = first; p <= last; ++p) {
      const auto begin = from.begin() + p * row() + head * shape_.head_dim;
      out.insert(out.end(), begin, begin + shape_.head_dim);
    }
    return out;
  }
  KvLayerView kv() const {
    KvLayerView view;
    view.keys = keys_[0].view().data;
    view.values = values_[0].view().data;
    view.dtype = dtype_;
    view.num_blocks = num_blocks_;
    view.block_size = shape_.block_size;
    view.num_kv_heads = shape_.kv_heads;
    view.head_dim = shape_.head_dim;
    view.block_stride = block_stride();
    return view;
  }
  BatchView view() const {
    BatchView batch;
    batch.num_tokens = tokens_;
    batch.num_sequences = static_cast<std::int64_t>(sequences_.size());
    batch.max_blocks = max_blocks_;
    for (const SequenceShape& sequence : sequences_) {
      batch.max_query_len = std::max(batch.max_query_len, sequence.queries);
      batch.max_context_len = std::max(batch.max_context_len, sequence.context);
    }
    batch.rope_rows = arrays_[0].data();
    batch.slot_mapping = arrays_[1].data();
    batch.cu_seqlens_q = arrays_[2].data();
    batch.context_lens = arrays_[3].data();
    batch.block_tables = arrays_[4].data();
    return batch;
  }
  std::vector<double> cache(bool keys) const { return (keys ? keys_ : values_)[0].read(); }
  const std::vector<SequenceShape>& sequences() const { return sequences_; }

 private:
  /// Elements between blocks: a gap behind each, as where all layers of a block lie together.
  std::int64_t block_stride() const { return shape_.block_size * row() + 8; }

  void plan_blocks(std::uint64_t seed) {
    for (const SequenceShape& sequence : sequences_) {
      const std::int64_t blocks = (sequence.context + shape_.block_size - 1) / shape_.block_size;
      max_blocks_ = std::max(max_blocks_, blocks + 1);
      num_blocks_ += blocks;
      tokens_ += sequence.queries;
    }
    num_blocks_ += 3;  // that belong to nobody
    std::vector<std::int32_t> order(static_cast<std::size_t>(num_blocks_));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[counter_bits(seed, i) % i]);
    std::size_t next = 0;
    for (const SequenceShape& sequence : sequences_) {
      for (std::int64_t b = 0; b < max_blocks_; ++b) {
        tables_.push_back(b * shape_.block_size < sequence.context ? order[next++] : -1);
      }
    }
  }

  void upload() {
    std::vector<std::int32_t> positions, slots, starts{0}, contexts;
    for (std::size_t s = 0; s < sequences_.size(); ++s) {
      const SequenceShape& sequence = sequences_[s];
      for (std::int64_t p = sequence.context - sequence.queries; p < sequence.context; ++p) {
        const bool padding = sequence.context == 0;
        positions.push_back(padding ? 0 : static_cast<std::int32_t>(p));
        slots.push_back(padding ? -1 : static_cast<std::int32_t>(slot(s, p)));
      }
      starts.push_back(static_cast<std::int32_t>(positions.size()));
      contexts.push_back(static_cast<std::int32_t>(sequence.context));
    }
    for (const auto& values : {positions, slots, starts, contexts, tables_})
      arrays_.emplace_back(backend_, values);
  }

  std::vector<SequenceShape> sequences_;
  CacheShape shape_;
  Dtype dtype_;
  Backend& backend_;
  std::int64_t tokens_ = 0;
  std::int64_t max_blocks_ = 0;
  std::int64_t num_blocks_ = 0;
  std::vector<std::int32_t> tables_;
  std::vector<std::vector<double>> key_rows_, value_rows_;
  std::vector<DeviceTensor> keys_, values_;
  std::vector<DeviceArray<std::int32_t>> arrays_;
};

}  // namespace tpscale::testing
