#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "comm/communicator.h"
#include "engine/compressed_layout.h"
#include "engine/engine.h"
#include "kv/eviction.h"
#include "model/transformer.h"

namespace tpscale {

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

  std::int64_t cached() const noexcept;        ///< tokens in each layer that is cut
  std::int64_t pool_bytes() const noexcept;    ///< of keys and values
  std::int64_t bytes_in_use() const noexcept;  ///< of the blocks that hold them
  /// Of the latest pass, for the model's own count; the mean over layers that hold different numbers of
  /// tokens.
  const StepShape& shape() const noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tpscale
