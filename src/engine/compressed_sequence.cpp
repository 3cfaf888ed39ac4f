#include "engine/compressed_sequence.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "core/check.h"
#include "core/error.h"
#include "engine/logit_scores.h"
#include "kv/sequence_cache.h"

namespace tpscale {
namespace {

constexpr auto index(std::int64_t value) noexcept {
  return static_cast<std::size_t>(value);
}
constexpr auto narrow(std::int64_t value) noexcept {
  return static_cast<std::int32_t>(value);
}

/// The layers that a policy cuts, or the others.
std::vector<std::int64_t> layers_of(const ModelConfig& config, const EvictionPolicy& policy, bool cut) {
  std::vector<std::int64_t> layers;
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    if (policy.cuts(layer) == cut) layers.push_back(layer);
  }
  return layers;
}

KvShape pool_shape(const ModelConfig& config, const ModelShard& shard, Dtype dtype, std::size_t num_layers,
                   std::int64_t tokens, std::int64_t block_size) {
  return {.num_layers = static_cast<std::int64_t>(num_layers),
          .num_kv_heads = shard.num_kv_heads,
          .head_dim = config.head_dim,
          .num_blocks = blocks_for(tokens, block_size),
          .block_size = block_size,
          .dtype = dtype};
}

std::int64_t most_cut(const EvictionPolicy& policy, const CompressedLength& length) {
  return policy.most_cached(length.first_pass, length.total);
}

/// The layers of a sequence that hold equally many tokens.
struct LayerGroup {
  std::vector<std::int64_t> layers;
  SequenceCache cache;
  BatchView batch;                  ///< of the latest pass
  std::vector<std::int32_t> slots;  ///< [first_pass]
};

}  // namespace

void require_compressible(const ModelConfig& config, const EvictionPolicy& policy,
                          const CompressedLength& length) {
  const std::string method = "method " + policy.name();
  if (layers_of(config, policy, true).empty()) {
    throw UsageError(method + " skips all " + std::to_string(config.num_layers) + " layers of model '" +
                     config.name + "'; give --skip-layers none");
  }
  if (policy.rotates_cached_keys() && config.rotary_dim() == 0) {
    throw UsageError(method + " rotates keys at their place in the cache, and model '" + config.name +
                     "' has learned positions; choose recent_only, fix_size_l2 or l2_ratio");
  }
  if (policy.rotates_cached_keys() && config.rope.scaling == RopeScaling::kDynamic &&
      most_cut(policy, length) > config.max_position_embeddings) {
    throw UsageError(
        method + " keeps more tokens than the " + std::to_string(config.max_position_embeddings) +
        " positions after which this model's rotation depends on the length; choose a smaller cache");
  }
  if (policy.by_head() && config.sliding_window > 0 && length.total > config.sliding_window) {
    throw UsageError(method + " drops tokens from between others, and model '" + config.name +
                     "' attends to the last " + std::to_string(config.sliding_window) +
                     " positions; shorten the text to that or choose streaming or recent_only");
  }
  if (config.learned_positions && length.total > config.max_position_embeddings) {
    throw UsageError("model '" + config.name + "' has " + std::to_string(config.max_position_embeddings) +
                     " learned positions, and the text and what follows have " +
                     std::to_string(length.total) + " tokens; shorten them");
  }
}

std::int64_t compressed_kv_bytes(const ModelConfig& config, const ModelShard& shard, Dtype dtype,
                                 const EvictionPolicy& policy, const CompressedLength& length) {
  const auto pool = [&](bool cut, std::int64_t tokens) {
    return pool_shape(config, shard, dtype, layers_of(config, policy, cut).size(), tokens, length.block_size)
        .bytes();
  };
  return pool(true, most_cut(policy, length)) + pool(false, length.total);
}

struct CompressedSequence::Parts {
  Parts(Backend& backend_, Communicator& comm_, const Transformer& weights, const EvictionPolicy& policy_,
        const CompressedLength& length_)
      : backend(backend_),
        execution{backend_.ops(), comm_},
        policy(policy_),
        length(length_),
        transformer(weights, length_.first_pass, 1, length_.total),
        config(transformer.config()),
        shard(transformer.shard()),
        caches(index(config.num_layers)) {
    add_group(layers_of(config, policy, true), most_cut(policy, length));
    add_group(layers_of(config, policy, false), length.total);
    const LayerGroup& cut = *groups[0];
    const auto heads = index(shard.num_kv_heads);
    const std::size_t lists = cut.layers.size() * heads;
    const auto most = index(most_cut(policy, length));
    const std::size_t element = size_of(transformer.dtype());
    if (policy.rotates_cached_keys()) {
      const KvShape& pool = cut.cache.shape();
      rotated = backend.allocate(index(pool.num_blocks * pool.block_elements()) * element,
                                 MemoryKind::kActivations);
    }
    if (policy.by_norm()) {
      norms = allocate(lists * most);
      fetched.reserve(lists * most);
      norms_of_head.resize(lists);
      for (auto& of_head : norms_of_head) of_head.reserve(most);
    }
    if (policy.kind() != EvictionPolicy::Kind::kNone) {
      dropped.resize((policy.by_head() ? lists : heads) * most);
      dropped_on_device = allocate(dropped.size());
      nothing.resize(most);
      scratch.reserve(most);
    }
    std::size_t inputs_size = 0;
    inputs_size = after(inputs_size, index(length.first_pass));  // token ids
    inputs_size = after(inputs_size, index(length.first_pass));  // rotary rows
    inputs_size = after(inputs_size, 2);                         // cu_seqlens_q
    for (const auto& group : groups) {
      if (!group) continue;
      inputs_size = after(inputs_size, index(length.first_pass));  // slots
      inputs_size = after(inputs_size, 1);                         // context length
      inputs_size = after(inputs_size, index(group->cache.shape().num_blocks));
    }
    host.resize(inputs_size);
    inputs = allocate(inputs_size);
    chosen = allocate(1);
    positions.resize(index(length.first_pass));
    lengths.resize(index(length.first_pass));
  }

  static std::size_t after(std::size_t place, std::size_t count) { return (place + count + 3) / 4 * 4; }
  /// 32-bit numbers.
  Buffer allocate(std::size_t count) {
    return backend.allocate(count * sizeof(std::int32_t), MemoryKind::kActivations);
  }

  void add_group(std::vector<std::int64_t> layers, std::int64_t tokens) {
    auto& group = groups[num_groups++];
    if (layers.empty()) return;
    const KvShape pool =
        pool_shape(config, shard, transformer.dtype(), layers.size(), tokens, length.block_size);
    group.emplace(LayerGroup{std::move(layers), SequenceCache(backend, pool), {}, {}});
    group->slots.resize(index(length.first_pass));
    for (std::size_t i = 0; i < group->layers.size(); ++i)
      caches[index(group->layers[i])].kv = group->cache.layers()[i];
  }

  /// Hidden states of a pass over `tokens`.
  TensorView pass(std::span<const std::int32_t> tokens) {
    const auto count = static_cast<std::int64_t>(tokens.size());
    check(count >= 1 && count <= length.first_pass && passed + count <= length.total,
          "a compressed sequence grows beyond the length it was made for");
    const std::int64_t cached = policy.rotates_cached_keys() ? groups[0]->cache.count() : passed;
    for (std::int64_t i = 0; i < count; ++i) {
      positions[index(i)] = narrow(cached + i);
      lengths[index(i)] = narrow(passed + count);
    }
    shape = {.num_tokens = count, .num_logits = 1};
    place = 0;
    BatchView batch;
    batch.num_tokens = batch.max_query_len = count;
    batch.num_sequences = batch.num_logits = 1;
    batch.token_ids = put(tokens);
    const std::size_t rows_at = place;
    batch.rope_rows = put(positions, tokens.size());
    transformer.rope_rows(std::span(positions).first(tokens.size()), std::span(lengths).first(tokens.size()),
                          std::span(host).subspan(rows_at, tokens.size()));
    const std::array<std::int32_t, 2> bounds{0, narrow(count)};
    batch.cu_seqlens_q = put(bounds);
    for (auto& group : groups) {
      if (group) enter(*group, batch, count);
    }
    backend.upload(inputs.data(), host.data(), place * sizeof(std::int32_t));
    passed += count;
    return transformer.forward(execution, batch, std::span<const LayerCache>(caches));
  }

  std::int32_t* put(std::span<const std::int32_t> values) {
    std::ranges::copy(values, host.begin() + static_cast<std::ptrdiff_t>(place));
    auto* const device = inputs.as<std::int32_t>() + place;
    place = after(place, values.size());
    return device;
  }
  std::int32_t* put(const std::vector<std::int32_t>& values, std::size_t count) {
    return put(std::span(values).first(count));
  }

  void enter(LayerGroup& group, const BatchView& batch, std::int64_t count) {
    const std::int64_t before = group.cache.count();
    const auto layers = static_cast<std::int64_t>(group.layers.size());
    group.cache.append(std::span(group.slots).first(index(count)));
    group.batch = batch;
    group.batch.slot_mapping = put(group.slots, index(count));
    const std::array<std::int32_t, 1> context{narrow(before + count)};
    group.batch.context_lens = put(context);
    group.batch.block_tables = put(group.cache.block_table());
    group.batch.max_blocks = static_cast<std::int64_t>(group.cache.block_table().size());
    group.batch.max_context_len = before + count;
    for (const std::int64_t layer : group.layers) {
      LayerCache& cache = caches[index(layer)];
      cache.batch = group.batch;
      cache.cached = before + count;
      cache.rotated_keys = policy.rotates_cached_keys() ? rotated.data() : nullptr;
    }
    shape.attention_pairs += layers * (count * before + count * (count + 1) / 2) / config.num_layers;
    shape.context_tokens += layers * (before + count) / config.num_layers;
  }

  CachedTokens cached_of(const LayerGroup& group, std::size_t i) const {
    return {group.cache.layers()[i], group.batch.block_tables, group.cache.count()};
  }

  void cut() {
    ++passes;
    LayerGroup& group = *groups[0];
    const std::int64_t kept = policy.kept_of(group.cache.count());
    const std::int64_t gone = group.cache.count() - kept;
    if (gone == 0) return;
    if (policy.by_norm()) fetch_norms(group);
    choose(group, gone);
    const std::size_t of_layer = index(shard.num_kv_heads * gone);
    const std::size_t all = policy.by_head() ? of_layer * group.layers.size() : of_layer;
    backend.upload(dropped_on_device.data(), dropped.data(), all * sizeof(std::int32_t));
    for (std::size_t i = 0; i < group.layers.size(); ++i) {
      execution.ops.drop_tokens(cached_of(group, i),
                                dropped_on_device.as<std::int32_t>() + (policy.by_head() ? i * of_layer : 0),
                                gone);
    }
    group.cache.shrink(kept);
  }

  /// Norms of the keys that came since the last cut. They never change.
  void fetch_norms(const LayerGroup& group) {
    const auto known = static_cast<std::int64_t>(norms_of_head.front().size());
    const std::size_t fresh = index(group.cache.count() - known);
    const auto heads = index(shard.num_kv_heads);
    for (std::size_t i = 0; i < group.layers.size(); ++i)
      execution.ops.key_norms(norms.as<float>() + i * heads * fresh, cached_of(group, i), known);
    fetched.resize(norms_of_head.size() * fresh);
    backend.download(fetched.data(), norms.data(), fetched.size() * sizeof(float));
    for (std::size_t list = 0; list < norms_of_head.size(); ++list) {
      const auto begin = fetched.begin() + static_cast<std::ptrdiff_t>(list * fresh);
      norms_of_head[list].insert(norms_of_head[list].end(), begin,
                                 begin + static_cast<std::ptrdiff_t>(fresh));
    }
  }

  void choose(const LayerGroup& group, std::int64_t gone) {
    const auto heads = index(shard.num_kv_heads);
    const auto cached = index(group.cache.count());
    const std::size_t lists = policy.by_head() ? group.layers.size() * heads : heads;
    for (std::size_t list = 0; list < lists; ++list) {
      const EvictionPolicy::Place where{
          group.layers[list / heads], shard.first_kv_head + static_cast<std::int64_t>(list % heads), passes};
      const std::span<const float> known =
          policy.by_norm() ? std::span<const float>(norms_of_head[list]) : std::span(nothing).first(cached);
      const auto out = std::span(dropped).subspan(list * index(gone), index(gone));
      policy.drop(where, known, out, scratch);
      if (policy.by_norm()) remove(norms_of_head[list], out);
    }
  }

  static void remove(std::vector<float>& values, std::span<const std::int32_t> places) {
    auto to = values.begin() + places.front();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto end = i + 1 < places.size() ? values.begin() + places[i + 1] : values.end();
      to = std::copy(values.begin() + places[i] + 1, end, to);
    }
    values.erase(to, values.end());
  }

  Backend& backend;
  Execution execution;
  EvictionPolicy policy;
  CompressedLength length;
  Transformer transformer;
  const ModelConfig& config;
  const ModelShard& shard;
  std::array<std::optional<LayerGroup>, 2> groups;  ///< those that are cut, and the others
  std::size_t num_groups = 0;
  std::vector<LayerCache> caches;  ///< a layer each
  Buffer rotated;                  ///< keys of one layer at a time
  Buffer norms, dropped_on_device, inputs, chosen;
  std::vector<float> fetched, nothing;
  std::vector<std::vector<float>> norms_of_head;  ///< [cut layers x heads], of the tokens in the cache
  std::vector<std::int32_t> dropped, scratch;
  std::vector<std::int32_t> host, positions, lengths;
  std::size_t place = 0;  ///< in `host`
  std::int64_t passed = 0, passes = 0;
  StepShape shape;
  std::vector<std::byte> logits;
  std::vector<float> row;
};

CompressedSequence::CompressedSequence(Backend& backend, Communicator& comm, const Transformer& weights,
                                       const EvictionPolicy& policy, const CompressedLength& length)
    : parts_(std::make_unique<Parts>(backend, comm, weights, policy, length)) {}
CompressedSequence::~CompressedSequence() = default;

std::int32_t CompressedSequence::next_token(std::span<const std::int32_t> tokens) {
  Parts& p = *parts_;
  const TensorView hidden = p.pass(tokens);
  const TensorView logits = p.transformer.logits(p.execution, hidden.rows_at(hidden.rows - 1, 1));
  p.execution.ops.argmax(p.chosen.as<std::int32_t>(), logits, p.shard.tp_size, p.config.vocab_size);
  std::int32_t token = 0;
  p.backend.download(&token, p.chosen.data(), sizeof token);
  return token;
}

void CompressedSequence::score(std::span<const std::int32_t> tokens, std::span<const std::int32_t> targets,
                               std::vector<TokenScore>& scores) {
  Parts& p = *parts_;
  const TensorView hidden = p.pass(tokens);
  for (std::int64_t i = 0; i < hidden.rows; ++i) {
    const TensorView logits = p.transformer.logits(p.execution, hidden.rows_at(i, 1));
    p.logits.resize(logits.bytes());
    p.backend.download(p.logits.data(), logits.data, logits.bytes());
    score_rows({.data = p.logits.data(),
                .dtype = logits.dtype,
                .parts = p.shard.tp_size,
                .rows = 1,
                .cols = logits.cols,
                .vocab_size = p.config.vocab_size},
               targets.subspan(index(i), 1), p.row, scores);
  }
}

void CompressedSequence::cut() {
  parts_->cut();
}

std::int64_t CompressedSequence::tokens() const noexcept {
  return parts_->passed;
}
std::int64_t CompressedSequence::cached() const noexcept {
  return parts_->groups[0]->cache.count();
}
double CompressedSequence::mean_cached() const noexcept {
  double sum = 0.0;
  for (const auto& group : parts_->groups) {
    if (group) sum += static_cast<double>(group->cache.count()) * static_cast<double>(group->layers.size());
  }
  return sum / static_cast<double>(parts_->config.num_layers);
}
std::int64_t CompressedSequence::pool_bytes() const noexcept {
  std::int64_t bytes = 0;
  for (const auto& group : parts_->groups) bytes += group ? group->cache.shape().bytes() : 0;
  return bytes;
}
std::int64_t CompressedSequence::bytes_in_use() const noexcept {
  std::int64_t bytes = 0;
  for (const auto& group : parts_->groups) {
    if (group)
      bytes += group->cache.shape().bytes() / group->cache.shape().num_blocks * group->cache.blocks_in_use();
  }
  return bytes;
}
const StepShape& CompressedSequence::shape() const noexcept {
  return parts_->shape;
}

}  // namespace tpscale
