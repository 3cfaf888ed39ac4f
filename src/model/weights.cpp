#include "model/weights.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/check.h"
#include "model/row_pipe.h"
#include "model/tensor_names.h"

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
      : backend_(backend),
        source_(source),
        config_(source.config()),
        names_(config_),
        shard_(shard),
        dtype_(dtype) {}

  ModelWeights load() {
    ModelWeights weights;
    weights.embedding = vocab_table(names_.embedding(), true);
    if (config_.learned_positions && shard_.tp_rank == 0) weights.positions = position_table();
    weights.layers.resize(static_cast<std::size_t>(config_.num_layers));
    for (std::int64_t layer = 0; layer < config_.num_layers; ++layer) {
      attention(layer, weights.layers[static_cast<std::size_t>(layer)]);
      mlp(layer, weights.layers[static_cast<std::size_t>(layer)]);
    }
    norm(names_.final_norm(), &weights.final_norm, &weights.final_norm_bias);
    if (!config_.tied_embeddings) weights.untied_head = vocab_table(names_.head(), false);
    weights.vectors = vectors_.build(backend_, source_, dtype_);
    run_row_jobs(source_, jobs_);
    return weights;
  }

 private:
  std::unique_ptr<LinearWeights> vocab_table(const std::string& name, bool lookup) {
    auto table = backend_.ops().make_linear(shard_.vocab_size, config_.hidden_size, dtype_, lookup);
    const std::int64_t rows =
        std::clamp<std::int64_t>(config_.vocab_size - shard_.first_vocab, 0, shard_.vocab_size);
    if (rows > 0) {
      jobs_.push_back({table.get(), 0, {name + ".weight", shard_.first_vocab, rows, 0, config_.hidden_size}});
    }
    return table;
  }

  std::unique_ptr<LinearWeights> position_table() {
    const std::int64_t rows = config_.max_position_embeddings;
    auto table = backend_.ops().make_linear(rows, config_.hidden_size, dtype_, true);
    jobs_.push_back({table.get(), 0, {names_.positions() + ".weight", 0, rows, 0, config_.hidden_size}});
    return table;
  }

  std::unique_ptr<LinearWeights> column_parallel(const std::vector<TensorRows>& ranges, const float** bias,
                                                 bool has_bias) {
    std::int64_t rows = 0;
    for (const TensorRows& range : ranges) rows += range.count;
    auto weights = backend_.ops().make_linear(rows, config_.hidden_size, dtype_, false);
    std::int64_t at = 0;
    std::vector<TensorSlice> biases;
    for (const TensorRows& range : ranges) {
      jobs_.push_back(
          {weights.get(), at, {range.tensor + ".weight", range.first, range.count, 0, config_.hidden_size}});
      biases.push_back({range.tensor + ".bias", 0, 1, range.first, range.count});
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

  void norm(const std::string& name, const float** weight, const float** bias) {
    vector(weight, {{name + ".weight", 0, 1, 0, config_.hidden_size}});
    if (config_.norm == NormKind::kLayer) vector(bias, {{name + ".bias", 0, 1, 0, config_.hidden_size}});
  }

  void attention(std::int64_t layer, LayerWeights& weights) {
    std::vector<TensorRows> ranges = names_.queries(layer, shard_.first_head, shard_.num_heads);
    for (const auto& more : {names_.keys(layer, shard_.first_kv_head, shard_.num_kv_heads),
                             names_.values(layer, shard_.first_kv_head, shard_.num_kv_heads)}) {
      ranges.insert(ranges.end(), more.begin(), more.end());
    }
    weights.qkv = column_parallel(ranges, &weights.qkv_bias, config_.qkv_bias);
    weights.o = row_parallel(names_.attention_output(layer), shard_.first_head * config_.head_dim,
                             shard_.num_heads * config_.head_dim, &weights.o_bias, config_.o_bias);
    norm(names_.input_norm(layer), &weights.input_norm, &weights.input_norm_bias);
    if (!config_.qk_norm) return;
    vector(&weights.q_norm, {{names_.q_norm(layer) + ".weight", 0, 1, 0, config_.head_dim}});
    vector(&weights.k_norm, {{names_.k_norm(layer) + ".weight", 0, 1, 0, config_.head_dim}});
  }

  void mlp(std::int64_t layer, LayerWeights& weights) {
    const std::int64_t first = shard_.first_intermediate, inner = shard_.intermediate_size;
    std::vector<TensorRows> ranges;
    if (config_.gated_mlp()) ranges.push_back({names_.gate(layer), first, inner});
    ranges.push_back({names_.up(layer), first, inner});
    weights.gate_up = column_parallel(ranges, &weights.gate_up_bias, config_.mlp_bias);
    weights.down = row_parallel(names_.down(layer), first, inner, &weights.down_bias, config_.mlp_bias);
    norm(names_.post_norm(layer), &weights.post_norm, &weights.post_norm_bias);
  }

  void vector(const float** place, std::vector<TensorSlice> parts) {
    vectors_.reserve(place, std::move(parts));
  }

  Backend& backend_;
  const ModelSource& source_;
  const ModelConfig& config_;
  const TensorNames names_;
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
