#include "bench/trial/compression_texts.h"

#include <algorithm>
#include <span>

#include "bench/store/hash.h"
#include "bench/trial/judged_text.h"
#include "bench/workload/generated.h"
#include "core/error.h"
#include "text/tokenizer.h"

namespace tpscale {
namespace {

void check_sizes(const RunOptions& run, const WorkloadOptions& workload) {
  constexpr std::int64_t kMost = 1 << 24;
  if (run.num_samples < 1 || run.num_samples > 1000)
    throw UsageError("--num-samples must be between 1 and 1000");
  if (run.sample_tokens < 2 || run.sample_tokens > kMost)
    throw UsageError("--sample-tokens must be between 2 and 16777216");
  if (workload.input_tokens < 1 || workload.input_tokens > kMost || workload.output_tokens < 2 ||
      workload.output_tokens > kMost) {
    throw UsageError(
        "kv-compression times prompts of --input-tokens 1 to 16777216 and 2 to 16777216 new tokens");
  }
}

/// Bytes of the tokens after the first.
std::int64_t judged_bytes(std::span<const std::int32_t> tokens, const Tokenizer& tokenizer) {
  return static_cast<std::int64_t>(tokenizer.decode_bytes(tokens).size() -
                                   tokenizer.decode_bytes(tokens.first(1)).size());
}

}  // namespace

CompressionTexts make_compression_texts(const Launch& launch) {
  const RunOptions& run = launch.options.run;
  const WorkloadOptions& workload = launch.options.workload;
  check_sizes(run, workload);
  const std::int64_t wanted = std::max(run.num_samples * run.sample_tokens, workload.input_tokens);
  CompressionTexts texts;
  std::vector<std::int32_t> tokens;
  const auto text = find_text(workload, launch.options.model.model, launch.source.config(),
                              static_cast<std::size_t>(wanted));
  if (text) {
    texts.source = text->source;
    tokens = text->tokens;
    if (static_cast<std::int64_t>(tokens.size()) < wanted) {
      throw UsageError(
          text->source + " has " + std::to_string(tokens.size()) + " tokens, and " +
          std::to_string(run.num_samples) + " texts of " + std::to_string(run.sample_tokens) +
          " (and a prompt of " + std::to_string(workload.input_tokens) +
          ") are wanted; lower --num-samples, --sample-tokens or --input-tokens, or give a longer text");
    }
  } else {
    texts.source = "synthetic tokens";
    tokens = fixed_requests(1, wanted, 1, workload.seed, launch.source.config().vocab_size).front().prompt;
  }
  Hasher hasher;
  for (const std::int32_t token : tokens) hasher.add_integer(token);
  for (std::int64_t i = 0; i < run.num_samples; ++i) {
    const auto begin = tokens.begin() + i * run.sample_tokens;
    const auto& sample = texts.samples.emplace_back(begin, begin + run.sample_tokens);
    if (text && workload.tokenizer) {
      texts.bytes.push_back(judged_bytes(sample, *workload.tokenizer));
    } else if (text && text->bytes == static_cast<std::int64_t>(text->tokens.size()) - 1) {
      texts.bytes.push_back(run.sample_tokens - 1);  // a byte is a token
    }
    hasher.add_integer(run.sample_tokens);
  }
  texts.prompt.assign(tokens.begin(), tokens.begin() + workload.input_tokens);
  texts.hash = hasher.hex();
  return texts;
}

}  // namespace tpscale
