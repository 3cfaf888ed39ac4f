#include "engine/options.h"

#include "core/dtype.h"
#include "core/error.h"
#include "engine/scheduler.h"

namespace tpscale {
namespace {

constexpr std::int64_t kMost = 1 << 30;  // keeps every product of two of them inside 64 bits

void require_range(const char* flag, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  throw UsageError(std::string("--") + flag + " is " + std::to_string(value) + " but must be between " +
                   std::to_string(least) + " and " + std::to_string(most));
}

void require_switch(const char* flag, const std::string& value) {
  if (value == "auto" || value == "on" || value == "off") return;
  throw UsageError(std::string("--") + flag + " is '" + value + "' but must be auto, on or off");
}

void require_one_of(const char* flag, const std::string& value, const char* one, const char* other) {
  if (value == one || value == other) return;
  throw UsageError(std::string("--") + flag + " is '" + value + "' but must be " + one + " or " + other);
}

}  // namespace

void validate(const EngineOptions& options) {
  require_range("block-size", options.block_size, 1, 1 << 16);
  require_range("max-num-seqs", options.max_num_seqs, 1, 1 << 20);
  require_range("max-num-batched-tokens", options.max_num_batched_tokens, 1, kMost);
  require_range("max-model-len", options.max_model_len, 0, kMost);
  require_range("num-kv-blocks", options.num_kv_blocks, 0, kMost);
  if (!options.dtype.empty()) parse_dtype(options.dtype);
  require_switch("cuda-graphs", options.cuda_graphs);
  require_switch("run-ahead", options.run_ahead);
  require_one_of("kv-memory", options.kv_memory, "paged", "contiguous");
  require_one_of("kv-layout", options.kv_layout, "layer-major", "block-major");
  if (options.kv_memory == "contiguous" && options.prefix_cache) {
    throw UsageError(
        "--prefix-cache needs --kv-memory paged: a contiguous piece belongs to one sequence and cannot be "
        "shared");
  }
  if (!is_scheduler(options.scheduler)) {
    throw UsageError("--scheduler '" + options.scheduler + "' is unknown; there are: " + scheduler_names());
  }
}

}  // namespace tpscale
