#include "engine/compressed_sequence.h"

#include <array>
#include <optional>

#include "core/check.h"
#include "engine/compressed_inputs.h"
#include "engine/key_norms.h"
#include "engine/logit_scores.h"

namespace tpscale {
namespace {

using Groups = std::array<std::optional<LayerGroup>, 2>;  ///< the layers that are cut, and the others

Groups make_groups(Backend& backend, const Transformer& model, const EvictionPolicy& policy,
                   const CompressedLength& length) {
  Groups groups;
  for (const bool cut : {true, false}) {
    CompressedLayers found =
        compressed_layers(model.config(), model.shard(), model.dtype(), policy, length, cut);
    if (found.layers.empty()) continue;
    std::vector<CachedTokens> cached(found.layers.size());
    groups[cut ? 0 : 1].emplace(
        LayerGroup{std::move(found.layers), SequenceCache(backend, found.pool), std::move(cached)});
  }
  check(groups[0].has_value(), "a policy that cuts no layer has been refused");
  return groups;
}

Buffer make_rotated(Backend& backend, const EvictionPolicy& policy, const KvShape& pool) {
  if (!policy.rotates_cached_keys()) return {};
  const auto elements = static_cast<std::size_t>(pool.num_blocks * pool.block_elements());
  return backend.allocate(elements * size_of(pool.dtype), MemoryKind::kActivations);
}

}  // namespace

struct CompressedSequence::Parts {
  Parts(Backend& backend_, Communicator& comm, const Transformer& weights, const EvictionPolicy& policy_,
        const CompressedLength& length_)
      : backend(backend_),
        execution{backend_.ops(), comm},
        policy(policy_),
        length(length_),
        transformer(weights, length_.first_pass, 1, length_.total),
        groups(make_groups(backend_, transformer, policy_, length_)),
        inputs(backend_, length_, groups),
        layers(static_cast<std::size_t>(transformer.config().num_layers)),
        rotated(make_rotated(backend_, policy_, cut_group().cache.shape())),
        chosen(backend_.allocate(sizeof(std::int32_t), MemoryKind::kActivations)) {
    if (policy.kind() == EvictionPolicy::Kind::kNone) return;
    const auto most = static_cast<std::size_t>(policy.most_cached(length.first_pass, length.total));
    if (policy.by_norm()) norms.emplace(backend, cut_group().layers.size(), heads(), most);
    dropped.resize(lists() * most);
    dropped_on_device = backend.allocate(dropped.size() * sizeof(std::int32_t), MemoryKind::kActivations);
    any_norms.resize(most);
    scratch.reserve(most);
  }

  LayerGroup& cut_group() { return *groups[0]; }
  std::size_t heads() const { return static_cast<std::size_t>(transformer.shard().num_kv_heads); }
  /// Lists of what goes: of every head of every layer, or of the heads of any layer.
  std::size_t lists() { return policy.by_head() ? cut_group().layers.size() * heads() : heads(); }

  /// Hidden states of a pass over `tokens`.
  TensorView pass(std::span<const std::int32_t> tokens) {
    const auto count = static_cast<std::int64_t>(tokens.size());
    check(count >= 1 && count <= length.first_pass && passed + count <= length.total,
          "a compressed sequence grows beyond the length it was made for");
    const std::int64_t first = policy.rotates_cached_keys() ? cut_group().cache.count() : passed;
    passed += count;
    const BatchView batch = inputs.write(tokens, first, passed, transformer, groups, layers, rotated.data());
    describe(count);
    return transformer.forward(execution, batch, std::span<const LayerCache>(layers));
  }

  /// Means over the layers.
  void describe(std::int64_t count) {
    shape = {.num_tokens = count, .num_logits = 1};
    for (const auto& group : groups) {
      if (!group) continue;
      const auto share = static_cast<std::int64_t>(group->layers.size());
      const std::int64_t before = group->cache.count() - count;
      shape.attention_pairs += share * (count * before + count * (count + 1) / 2);
      shape.context_tokens += share * group->cache.count();
    }
    shape.attention_pairs /= transformer.config().num_layers;
    shape.context_tokens /= transformer.config().num_layers;
  }

  void cut() {
    ++cuts;
    LayerGroup& group = cut_group();
    const std::int64_t kept = policy.kept_of(group.cache.count());
    const auto gone = static_cast<std::size_t>(group.cache.count() - kept);
    if (gone == 0) return;
    if (norms) norms->extend(group.cached);
    for (std::size_t list = 0; list < lists(); ++list) choose(list, gone);
    backend.upload(dropped_on_device.data(), dropped.data(), lists() * gone * sizeof(std::int32_t));
    for (std::size_t i = 0; i < group.layers.size(); ++i) {
      const std::size_t first_list = policy.by_head() ? i * heads() : 0;
      execution.ops.drop_tokens(group.cached[i], dropped_on_device.as<std::int32_t>() + first_list * gone,
                                static_cast<std::int64_t>(gone));
    }
    group.cache.shrink(kept);
  }

  void choose(std::size_t list, std::size_t gone) {
    const std::size_t layer = list / heads(), head = list % heads();
    const LayerGroup& group = cut_group();
    const EvictionPolicy::Place where{
        group.layers[layer], transformer.shard().first_kv_head + static_cast<std::int64_t>(head), cuts};
    const auto cached = static_cast<std::size_t>(group.cache.count());
    const auto out = std::span(dropped).subspan(list * gone, gone);
    policy.drop(where, norms ? norms->of(layer, head) : std::span(any_norms).first(cached), out, scratch);
    if (norms) norms->drop(layer, head, out);
  }

  Backend& backend;
  Execution execution;
  EvictionPolicy policy;
  CompressedLength length;
  Transformer transformer;
  Groups groups;
  CompressedInputs inputs;
  std::vector<LayerCache> layers;
  Buffer rotated;  ///< keys of one layer at a time
  Buffer chosen;
  Buffer dropped_on_device;
  std::optional<KeyNorms> norms;
  std::vector<float> any_norms;  ///< where the policy reads none
  std::vector<std::int32_t> dropped, scratch;
  std::int64_t passed = 0, cuts = 0;
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
  p.execution.ops.argmax(p.chosen.as<std::int32_t>(), logits, p.transformer.shard().tp_size,
                         p.transformer.config().vocab_size);
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
                .parts = p.transformer.shard().tp_size,
                .rows = 1,
                .cols = logits.cols,
                .vocab_size = p.transformer.config().vocab_size},
               targets.subspan(static_cast<std::size_t>(i), 1), p.row, scores);
  }
}

void CompressedSequence::cut() {
  parts_->cut();
}

std::int64_t CompressedSequence::cached() const noexcept {
  return parts_->groups[0]->cache.count();
}
std::int64_t CompressedSequence::pool_bytes() const noexcept {
  std::int64_t bytes = 0;
  for (const auto& group : parts_->groups) bytes += group ? group->cache.shape().bytes() : 0;
  return bytes;
}
std::int64_t CompressedSequence::bytes_in_use() const noexcept {
  std::int64_t bytes = 0;
  for (const auto& group : parts_->groups) {
    if (!group) continue;
    const KvShape& pool = group->cache.shape();
    bytes += pool.bytes() / pool.num_blocks * group->cache.blocks_in_use();
  }
  return bytes;
}
const StepShape& CompressedSequence::shape() const noexcept {
  return parts_->shape;
}

}  // namespace tpscale
