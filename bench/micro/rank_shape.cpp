#include "bench/micro/rank_shape.h"

#include "parallel/shard_plan.h"

namespace tpscale {

std::vector<LinearShape> RankShape::linear_layers() const {
  const std::int64_t hidden = config.hidden_size, layers = config.num_layers;
  const std::int64_t inner = shard.intermediate_size;
  const bool gated = config.gated_mlp();
  return {{"qkv", heads().qkv_cols(), hidden, layers},
          {"o", hidden, heads().q_cols(), layers},
          {gated ? "gate_up" : "up", gated ? 2 * inner : inner, hidden, layers},
          {"down", hidden, inner, layers},
          {"head", shard.vocab_size, hidden, 1}};
}

std::vector<RankShape> rank_shapes(const MicroOptions& options) {
  std::vector<RankShape> shapes;
  for (const std::string& model : options.model) {
    const ModelConfig config = preset_config(model);
    for (const std::int64_t degree : options.tp) {
      shapes.push_back({config, plan_shard(config, static_cast<int>(degree), 0)});
    }
  }
  return shapes;
}

}  // namespace tpscale
