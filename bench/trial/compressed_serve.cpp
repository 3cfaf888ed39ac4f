#include "bench/trial/compressed_serve.h"

#include <chrono>

namespace tpscale {

RunResult serve_compressed(CompressedSequence& sequence, const Request& request) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto now = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  RunResult result;
  RequestResult& served = result.requests.emplace_back();
  const auto count = static_cast<std::size_t>(request.max_new_tokens);
  served.tokens.reserve(count);
  served.token_times_s.reserve(count);
  result.steps.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    StepRecord& step = result.steps.emplace_back();
    step.start_s = now();
    const std::span<const std::int32_t> tokens =
        i == 0 ? std::span<const std::int32_t>(request.prompt) : std::span(&served.tokens.back(), 1);
    served.tokens.push_back(sequence.next_token(tokens));
    served.token_times_s.push_back(now());
    step.shape = sequence.shape();
    if (i + 1 < count) sequence.cut();  // nobody reads the cache after the last token
    (i == 0 ? step.prefill_tokens : step.decode_tokens) = static_cast<std::int64_t>(tokens.size());
    step.prefill_flops_share = i == 0 ? 1.0 : 0.0;
    step.num_sequences = 1;
    step.kv_slots_used = sequence.cached();
    step.forward_seconds = step.enqueue_seconds = now() - step.start_s;
  }
  result.prompt_tokens_computed = static_cast<std::int64_t>(request.prompt.size());
  result.wall_seconds = now();
  return result;
}

}  // namespace tpscale
