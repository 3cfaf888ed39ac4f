#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "comm/communicator.h"
#include "model/model_source.h"
#include "model/transformer.h"

namespace tpscale::test {

/// One rank's transformer with a KV cache for one sequence, driven without an engine. Blocks are handed out
/// from the last to the first, so that a block table that is not looked at shows.
class ModelHarness {
 public:
  ModelHarness(const std::string& model, Dtype compute_dtype, Communicator& comm, std::int64_t max_tokens);

  /// Forgets the sequence.
  void restart() { length_ = 0; }
  /// Appends tokens in one forward pass; logits of every one of them, [tokens, vocab_size].
  std::vector<float> append(std::span<const std::int32_t> tokens);
  /// Appends tokens and lets the model choose the next one by next_tokens().
  std::int32_t append_and_choose(std::span<const std::int32_t> tokens);
  /// Prefills the prompt, then decodes token by token.
  std::vector<std::int32_t> greedy(std::span<const std::int32_t> prompt, std::size_t count);

  const ModelConfig& config() const { return transformer_->config(); }
  Backend& backend() { return *backend_; }
  Transformer& transformer() { return *transformer_; }

 private:
  static constexpr std::int64_t kBlockSize = 16;
  BatchView prepare(std::span<const std::int32_t> tokens);

  Communicator& comm_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<ModelSource> source_;
  std::unique_ptr<Transformer> transformer_;
  std::int64_t num_blocks_;
  Buffer pool_;
  std::vector<KvLayerView> kv_;
  Buffer inputs_;
  std::int64_t max_tokens_;
  std::int64_t length_ = 0;
};

/// -ln p(tokens[i + 1]) from logits [tokens, vocab].
std::vector<double> nll_of(std::span<const float> logits, std::span<const std::int32_t> tokens);

}  // namespace tpscale::test
