#include "engine_harness.h"

#include "core/counter_rng.h"

namespace tpscale::test {

std::vector<Request> random_requests(std::int64_t count, std::int64_t vocab_size, std::int64_t longest_prompt,
                                     std::int64_t longest_output, std::uint64_t seed) {
  std::uint64_t next = 0;
  const auto draw = [&](std::int64_t below) {
    return static_cast<std::int64_t>(counter_bits(seed, next++) % static_cast<std::uint64_t>(below));
  };
  std::vector<Request> requests(static_cast<std::size_t>(count));
  for (Request& request : requests) {
    request.prompt.resize(static_cast<std::size_t>(1 + draw(longest_prompt)));
    for (auto& token : request.prompt) token = static_cast<std::int32_t>(draw(vocab_size));
    request.max_new_tokens = 1 + draw(longest_output);
  }
  return requests;
}

std::vector<std::vector<std::int32_t>> tokens_of(const RunResult& result) {
  std::vector<std::vector<std::int32_t>> tokens;
  for (const RequestResult& request : result.requests) tokens.push_back(request.tokens);
  return tokens;
}

}  // namespace tpscale::test
