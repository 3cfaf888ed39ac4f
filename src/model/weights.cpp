#include "model/weights.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/check.h"
#include "model/row_pipe.h"
#include "model/tensor_list.h"

namespace tpscale {
namespace {

/// The fp32 vectors of a model: first all are reserved, then one buffer is made and filled.
class VectorPool {
 public:
  /// `parts` come one behind the other; `*place` is set by build().
  void reserve(const float** place, std::vector<TensorSlice> parts) {
    std::int64_t size = 0;
    for (const TensorSlice& part : parts) size += part.cols;
    vectors_.push_back({place, total_, std::move(parts)});
    total_ += (size + kAlign - 1) / kAlign * kAlign;
  }

  Buffer build(Backend& backend, const ModelSource& source, Dtype dtype) const {
    Buffer buffer = backend.allocate(static_cast<std::size_t>(total_) * sizeof(float), MemoryKind::kWeights);
    std::vector<float> values(static_cast<std::size_t>(total_));
    for (const Vector& vector : vectors_) {
      float* to = values.data() + vector.offset;
      for (const TensorSlice& part : vector.parts) {
        read(source, part, dtype, to);
        to += part.cols;
      }
      *vector.place = buffer.as<float>() + vector.offset;
    }
    backend.upload(buffer.data(), values.data(), values.size() * sizeof(float));
    backend.stream().synchronize();  // `values` goes away
    return buffer;
  }

 private:
  static constexpr std::int64_t kAlign = 16;  // floats of a cache line
  struct Vector {
    const float** place;
    std::int64_t offset;
    std::vector<TensorSlice> parts;
  };

  /// Widens to fp32 by way of the compute dtype.
  static void read(const ModelSource& source, const TensorSlice& slice, Dtype dtype, float* out) {
    dispatch_dtype(source.dtype_of(slice.name), [&](auto stored) {
      std::vector<decltype(stored)> raw(static_cast<std::size_t>(slice.cols));
      source.read(slice, raw.data());
      dispatch_dtype(dtype, [&](auto computed) {
        using Computed = decltype(computed);
        std::transform(raw.begin(), raw.end(), out,
                       [](auto value) { return static_cast<float>(Computed(static_cast<float>(value))); });
      });
    });
  }

  std::vector<Vector> vectors_;
  std::int64_t total_ = 0;
};

/// Builds the matrices of one rank and lists what fills them.
class Loader {
 public:
  Loader(Backend& backend, const ModelSource& source, const ModelShard& shard, Dtype dtype)
      : backend_(backend), source_(source), config_(source.config()), shard_(shard), dtype_(dtype) {}

  ModelWeights load() {
    ModelWeights weights;
    weights.embedding = vocab_table("model.embed_tokens.weight", true);
    weights.layers.resize(static_cast<std::size_t>(config_.num_layers));
    for (std::int64_t layer = 0; layer < config_.num_layers; ++layer) {
      attention(layer, weights.layers[static_cast<std::size_t>(layer)]);
      mlp(layer, weights.layers[static_cast<std::size_t>(layer)]);
    }
    vector(&weights.final_norm, {{"model.norm.weight", 0, 1, 0, config_.hidden_size}});
    if (!config_.tied_embeddings) weights.untied_head = vocab_table("lm_head.weight", false);
    weights.vectors = vectors_.build(backend_, source_, dtype_);
    run_row_jobs(source_, jobs_);
    return weights;
  }

 private:
  /// Rows [first, first + count) of a column-parallel projection.
  struct RowRange {
    std::string name;
    std::int64_t first, count;
  };

  std::unique_ptr<LinearWeights> vocab_table(const std::string& name, bool lookup) {
    auto table = backend_.ops().make_linear(shard_.vocab_size, config_.hidden_size, dtype_, lookup);
    const std::int64_t rows =
        std::clamp<std::int64_t>(config_.vocab_size - shard_.first_vocab, 0, shard_.vocab_size);
    if (rows > 0) jobs_.push_back({table.get(), 0, {name, shard_.first_vocab, rows, 0, config_.hidden_size}});
    return table;
  }

  std::unique_ptr<LinearWeights> column_parallel(const std::vector<RowRange>& ranges, const float** bias,
                                                 bool has_bias) {
    std::int64_t rows = 0;
    for (const RowRange& range : ranges) rows += range.count;
    auto weights = backend_.ops().make_linear(rows, config_.hidden_size, dtype_, false);
    std::int64_t at = 0;
    std::vector<TensorSlice> biases;
    for (const RowRange& range : ranges) {
      jobs_.push_back(
          {weights.get(), at, {range.name + ".weight", range.first, range.count, 0, config_.hidden_size}});
      biases.push_back({range.name + ".bias", 0, 1, range.first, range.count});
      at += range.count;
    }
    if (has_bias) vector(bias, std::move(biases));
    return weights;
  }

  std::unique_ptr<LinearWeights> row_parallel(const std::string& name, std::int64_t first_col,
                                              std::int64_t cols, const float** bias, bool has_bias) {
    auto weights = backend_.ops().make_linear(config_.hidden_size, cols, dtype_, false);
    jobs_.push_back({weights.get(), 0, {name + ".weight", 0, config_.hidden_size, first_col, cols}});
    if (has_bias && shard_.tp_rank == 0) vector(bias, {{name + ".bias", 0, 1, 0, config_.hidden_size}});
    return weights;
  }

  void attention(std::int64_t layer, LayerWeights& weights) {
    const std::int64_t dim = config_.head_dim;
    const std::int64_t q_first = shard_.first_head * dim, q_cols = shard_.num_heads * dim;
    const std::int64_t kv_first = shard_.first_kv_head * dim, kv_cols = shard_.num_kv_heads * dim;
    const auto name = [&](const char* rest) { return layer_tensor(layer, rest); };
    weights.qkv = column_parallel({{name("self_attn.q_proj"), q_first, q_cols},
                                   {name("self_attn.k_proj"), kv_first, kv_cols},
                                   {name("self_attn.v_proj"), kv_first, kv_cols}},
                                  &weights.qkv_bias, config_.attention_bias);
    weights.o =
        row_parallel(name("self_attn.o_proj"), q_first, q_cols, &weights.o_bias, config_.attention_bias);
    vector(&weights.input_norm, {{name("input_layernorm.weight"), 0, 1, 0, config_.hidden_size}});
    if (!config_.qk_norm) return;
    vector(&weights.q_norm, {{name("self_attn.q_norm.weight"), 0, 1, 0, dim}});
    vector(&weights.k_norm, {{name("self_attn.k_norm.weight"), 0, 1, 0, dim}});
  }

  void mlp(std::int64_t layer, LayerWeights& weights) {
    const std::int64_t first = shard_.first_intermediate, inner = shard_.intermediate_size;
    const auto name = [&](const char* rest) { return layer_tensor(layer, rest); };
    weights.gate_up =
        column_parallel({{name("mlp.gate_proj"), first, inner}, {name("mlp.up_proj"), first, inner}},
                        &weights.gate_up_bias, config_.mlp_bias);
    weights.down = row_parallel(name("mlp.down_proj"), first, inner, &weights.down_bias, config_.mlp_bias);
    vector(&weights.post_norm, {{name("post_attention_layernorm.weight"), 0, 1, 0, config_.hidden_size}});
  }

  void vector(const float** place, std::vector<TensorSlice> parts) {
    vectors_.reserve(place, std::move(parts));
  }

  Backend& backend_;
  const ModelSource& source_;
  const ModelConfig& config_;
  const ModelShard& shard_;
  const Dtype dtype_;
  VectorPool vectors_;
  std::vector<RowJob> jobs_;
};

}  // namespace

ModelWeights load_weights(Backend& backend, const ModelSource& source, const ModelShard& shard, Dtype dtype) {
  return Loader(backend, source, shard, dtype).load();
}

}  // namespace tpscale
