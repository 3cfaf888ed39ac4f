#include "engine/make_sequence.h"

#include <algorithm>

namespace tpscale {
namespace {

/// `dynamic` rotary scaling gives the keys of a long sequence a base that depends on its length: equal prompt
/// beginnings have unequal keys.
bool keys_depend_on_prefix_only(const ModelConfig& config, const Request& request) {
  const auto length = static_cast<std::int64_t>(request.prompt.size()) + request.max_new_tokens;
  return config.rope.scaling != RopeScaling::kDynamic || length <= config.max_position_embeddings;
}

}  // namespace

Sequence make_sequence(const ModelConfig& config, const Request& request, std::int64_t id,
                       const BlockManager& blocks) {
  Sequence sequence;
  sequence.id = id;
  sequence.num_prompt_tokens = static_cast<std::int64_t>(request.prompt.size());
  sequence.max_new_tokens = request.max_new_tokens;
  sequence.tokens.reserve(static_cast<std::size_t>(sequence.num_prompt_tokens + request.max_new_tokens));
  sequence.tokens.assign(request.prompt.begin(), request.prompt.end());
  const std::int64_t most = blocks_for(sequence.most_stored_tokens(), blocks.block_size());
  sequence.blocks.blocks.reserve(static_cast<std::size_t>(std::max(most, blocks.blocks_at_once())));
  sequence.blocks.shareable = keys_depend_on_prefix_only(config, request);
  return sequence;
}

}  // namespace tpscale
