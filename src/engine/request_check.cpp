#include "engine/request_check.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "kv/block_manager.h"

namespace tpscale {
namespace {

constexpr std::int64_t kMostTokens = 1 << 30;

void check_request(const Request& request, const std::string& name, const EngineSizes& sizes) {
  const auto prompt = static_cast<std::int64_t>(request.prompt.size());
  if (prompt == 0) throw UsageError(name + " has an empty prompt; give it at least one token");
  if (request.max_new_tokens < 1 || request.max_new_tokens > kMostTokens || prompt > kMostTokens) {
    throw UsageError(name + " asks for " + std::to_string(request.max_new_tokens) +
                     " new tokens; ask for at least 1 and at most " + std::to_string(kMostTokens));
  }
  if (!std::isfinite(request.arrival_s) || request.arrival_s < 0.0) {
    throw UsageError(name + " arrives at an impossible time; arrival_s counts seconds from 0");
  }
  const std::string size = " (" + std::to_string(prompt) + " prompt and " +
                           std::to_string(request.max_new_tokens) + " new tokens)";
  if (prompt + request.max_new_tokens > sizes.max_model_len) {
    throw UsageError(name + size + " is longer than the longest sequence, " +
                     std::to_string(sizes.max_model_len) + "; raise --max-model-len or shorten the request");
  }
  if (blocks_for(prompt + request.max_new_tokens - 1, sizes.block_size) > sizes.num_kv_blocks) {
    throw UsageError(name + size + " does not fit a KV pool of " + std::to_string(sizes.num_kv_blocks) +
                     " blocks of " + std::to_string(sizes.block_size) + " tokens; raise --num-kv-blocks");
  }
}

}  // namespace

void check_tokens(std::span<const std::int32_t> tokens, std::int64_t vocab_size, const std::string& what) {
  const auto outside = [&](std::int32_t token) { return token < 0 || token >= vocab_size; };
  const auto bad = std::ranges::find_if(tokens, outside);
  if (bad == tokens.end()) return;
  throw UsageError(what + " holds token id " + std::to_string(*bad) +
                   ", which is outside the model's vocabulary of " + std::to_string(vocab_size));
}

void check_requests(std::span<const Request> requests, std::int64_t vocab_size, const EngineSizes& sizes) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::string name = "request " + std::to_string(i);
    check_request(requests[i], name, sizes);
    check_tokens(requests[i].prompt, vocab_size, name);
  }
}

}  // namespace tpscale
