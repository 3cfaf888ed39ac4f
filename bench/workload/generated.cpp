#include "bench/workload/generated.h"

#include <algorithm>

#include "bench/workload/mersenne_twister.h"
#include "core/counter_rng.h"

namespace tpscale {

std::int32_t fixed_token(std::int64_t seed, std::int64_t sequence, std::int64_t position,
                         std::int64_t vocab_size) {
  const std::uint64_t of_sequence =
      counter_bits(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(sequence));
  const std::uint64_t bits = counter_bits(of_sequence, static_cast<std::uint64_t>(position));
  return static_cast<std::int32_t>(bits % static_cast<std::uint64_t>(vocab_size));
}

std::vector<Request> fixed_requests(std::int64_t sequences, std::int64_t input_tokens,
                                    std::int64_t output_tokens, std::int64_t seed, std::int64_t vocab_size) {
  std::vector<Request> requests;
  for (std::int64_t sequence = 0; sequence < sequences; ++sequence) {
    Request request;
    request.max_new_tokens = output_tokens;
    for (std::int64_t position = 0; position < input_tokens; ++position) {
      request.prompt.push_back(fixed_token(seed, sequence, position, vocab_size));
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

std::vector<Request> nano_vllm_requests(std::int64_t sequences, std::int64_t length_divisor,
                                        std::int64_t seed) {
  MersenneTwister random(static_cast<std::uint64_t>(seed));
  std::vector<Request> requests(kNanoVllmSequences);
  for (Request& request : requests) {
    request.prompt.resize(static_cast<std::size_t>(random.randint(100, 1024)));
    for (std::int32_t& token : request.prompt) token = static_cast<std::int32_t>(random.randint(0, 10000));
  }
  for (Request& request : requests) request.max_new_tokens = random.randint(100, 1024);
  requests.resize(static_cast<std::size_t>(sequences));
  const auto divided = [&](std::int64_t length) {
    return std::max<std::int64_t>(length / length_divisor, 1);
  };
  for (Request& request : requests) {
    request.prompt.resize(
        static_cast<std::size_t>(divided(static_cast<std::int64_t>(request.prompt.size()))));
    request.max_new_tokens = divided(request.max_new_tokens);
  }
  return requests;
}

}  // namespace tpscale
