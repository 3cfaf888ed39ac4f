#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "comm/communicator.h"
#include "engine/engine.h"
#include "kv/eviction.h"
#include "model/transformer.h"

namespace tpscale {

/// How long a compressed sequence becomes.
struct CompressedLength {
  std::int64_t first_pass = 1;   ///< tokens of its longest forward pass, which is the first
  std::int64_t total = 1;        ///< tokens in all
  std::int64_t block_size = 16;  ///< of its KV pool
};

/// Throws UsageError where the model and the policy do not go together: no layer would be cut; a model
/// without rotary positions and a policy that rotates keys at their place; positions that depend on the
/// length of the text; a sliding window, which counts keys that are not there any more; a table of positions
/// that ends too early.
void require_compressible(const ModelConfig& config, const EvictionPolicy& policy,
                          const CompressedLength& length);
/// Bytes of its keys and values on this rank: the pools of the layers that are cut and of the others.
std::int64_t compressed_kv_bytes(const ModelConfig& config, const ModelShard& shard, Dtype dtype,
                                 const EvictionPolicy& policy, const CompressedLength& length);

/// One sequence whose KV cache a policy cuts after every forward pass, on the weights of an engine, with a
/// pool of its own of the size that the policy needs. Every rank of a group runs the same passes. A cut layer
/// that is not skipped holds policy.kept_of() tokens of each KV head; which ones may differ from head to
/// head.
class CompressedSequence {
 public:
  CompressedSequence(Backend& backend, Communicator& comm, const Transformer& weights,
                     const EvictionPolicy& policy, const CompressedLength& length);
  ~CompressedSequence();
  CompressedSequence(const CompressedSequence&) = delete;
  CompressedSequence& operator=(const CompressedSequence&) = delete;

  /// A forward pass over the next tokens; returns the token that the model chooses after them. The cache is
  /// then as the pass left it: cut() comes next.
  std::int32_t next_token(std::span<const std::int32_t> tokens);
  /// A forward pass over the next tokens, each judged by what follows it; appends to `scores`.
  void score(std::span<const std::int32_t> tokens, std::span<const std::int32_t> targets,
             std::vector<TokenScore>& scores);
  /// Drops what the policy does not keep.
  void cut();

  std::int64_t tokens() const noexcept;  ///< passed so far
  /// Tokens in the cache of the layers that are cut, and of a layer on average over all.
  std::int64_t cached() const noexcept;
  double mean_cached() const noexcept;
  std::int64_t pool_bytes() const noexcept;    ///< of keys and values
  std::int64_t bytes_in_use() const noexcept;  ///< of the blocks that hold them
  /// What a pass reads, for the model's own count: the latest one's.
  const StepShape& shape() const noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tpscale
