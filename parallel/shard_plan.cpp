#include "parallel/shard_plan.h"

#include <string>

#include "core/check.h"
#include "core/error.h"

namespace tpscale {
namespace {

void require(bool holds, const std::string& sentence) {
  if (!holds) throw UsageError(sentence);
}

std::string number(std::int64_t value) {
  return std::to_string(value);
}

}  // namespace

ModelShard plan_shard(const ModelConfig& config, int tp_size, int tp_rank) {
  require(tp_size >= 1, "the tensor-parallel degree is " + number(tp_size) + ": it must be at least 1");
  check(tp_rank >= 0 && tp_rank < tp_size, "tp_rank outside its group");
  const std::string model =
      "model '" + config.name + "' cannot be split over " + number(tp_size) + " ranks: ";
  require(config.num_heads % tp_size == 0,
          model + "its " + number(config.num_heads) + " attention heads must be divisible by the degree");
  require(
      config.num_kv_heads % tp_size == 0 || tp_size % config.num_kv_heads == 0,
      model + "its " + number(config.num_kv_heads) +
          " KV heads and the degree must divide one another (each rank takes whole heads, or shares one)");
  require(config.intermediate_size % tp_size == 0, model + "its intermediate size " +
                                                       number(config.intermediate_size) +
                                                       " must be divisible by the degree");

  ModelShard shard;
  shard.tp_size = tp_size;
  shard.tp_rank = tp_rank;
  shard.num_heads = config.num_heads / tp_size;
  shard.first_head = tp_rank * shard.num_heads;
  // The first query head names the KV head: the division holds for whole and for shared KV heads alike.
  const std::int64_t heads_of_kv_head = config.num_heads / config.num_kv_heads;
  shard.num_kv_heads = config.num_kv_heads >= tp_size ? config.num_kv_heads / tp_size : 1;
  shard.first_kv_head = shard.first_head / heads_of_kv_head;
  shard.intermediate_size = config.intermediate_size / tp_size;
  shard.first_intermediate = tp_rank * shard.intermediate_size;
  shard.vocab_size = (config.vocab_size + tp_size - 1) / tp_size;
  shard.first_vocab = tp_rank * shard.vocab_size;
  return shard;
}

}  // namespace tpscale
