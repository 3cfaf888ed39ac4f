#pragma once
#include <cstdint>
#include <string>

namespace tpscale {

/// How an engine serves requests. One member and one line of visit_fields an option: flag, help text, stored
/// parameter and ablation axis derive from it.
struct EngineOptions {
  std::string dtype;                            ///< compute dtype; empty: what the model's files hold
  std::int64_t block_size = 16;                 ///< tokens of a KV block
  std::int64_t max_num_seqs = 512;              ///< most sequences of a step
  std::int64_t max_num_batched_tokens = 16384;  ///< most tokens of a step
  std::int64_t max_model_len = 0;               ///< longest sequence; 0: what the workload needs
  std::int64_t num_kv_blocks = 0;               ///< size of the pool; 0: what the workload needs at most
  std::string scheduler = "separated";          ///< separated | mixed
  bool prefix_cache = false;
  std::string kv_memory = "paged";        ///< paged | contiguous
  std::string kv_layout = "layer-major";  ///< layer-major | block-major
  std::string cuda_graphs = "auto";       ///< auto | on | off: decode steps as graphs
  std::string run_ahead = "auto";         ///< auto | on | off: enqueue a step while the one before it runs

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("dtype", self.dtype, "compute in f32, bf16 or f16 (default: what the model's files hold)");
    visit("block-size", self.block_size, "tokens of a KV block");
    visit("max-num-seqs", self.max_num_seqs, "most sequences of a step");
    visit("max-num-batched-tokens", self.max_num_batched_tokens, "most tokens of a step");
    visit("max-model-len", self.max_model_len, "longest sequence (0: what the workload needs)");
    visit("num-kv-blocks", self.num_kv_blocks, "blocks of the KV pool (0: what the workload needs)");
    visit("scheduler", self.scheduler, "separated (prefill or decode a step) or mixed");
    visit("prefix-cache", self.prefix_cache, "reuse the KV blocks of equal prompt beginnings");
    visit("kv-memory", self.kv_memory,
          "paged (blocks on demand) or contiguous (the longest sequence in one piece, at admission)");
    visit("kv-layout", self.kv_layout,
          "what lies together in the KV pool: layer-major (a layer's blocks) or block-major (a block's "
          "layers)");
    visit("cuda-graphs", self.cuda_graphs,
          "decode steps recorded once and replayed: auto (where the backend can), on or off");
    visit(
        "run-ahead", self.run_ahead,
        "enqueue a step before the tokens of the last are known: auto (where the device works alone), on or "
        "off");
  }
};

/// Throws UsageError that names the option whose value is impossible and says what it may be.
void validate(const EngineOptions& options);

}  // namespace tpscale
