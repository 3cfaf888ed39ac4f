#include "bench/workload/generated.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bench/workload/mersenne_twister.h"
#include "core/counter_rng.h"

namespace tpscale {
namespace {

// Streams of the seed, apart from one another and from those of the sequences' tokens.
enum DrawsFor : std::int64_t { kPrefix = -1, kInputLengths = -2, kOutputLengths = -3, kOrder = -4 };

std::uint64_t drawn(std::int64_t seed, DrawsFor stream, std::size_t index) noexcept {
  return counter_bits(counter_bits(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(stream)),
                      index);
}

}  // namespace

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

std::vector<Request> random_length_requests(std::int64_t sequences, std::int64_t shortest,
                                            std::int64_t longest, std::int64_t seed,
                                            std::int64_t vocab_size) {
  const auto length = [&](DrawsFor stream, std::size_t sequence) {
    const auto lengths = static_cast<std::uint64_t>(longest - shortest + 1);
    return shortest + static_cast<std::int64_t>(drawn(seed, stream, sequence) % lengths);
  };
  std::vector<Request> requests(static_cast<std::size_t>(sequences));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::int64_t input = length(kInputLengths, i);
    for (std::int64_t position = 0; position < input; ++position) {
      requests[i].prompt.push_back(fixed_token(seed, static_cast<std::int64_t>(i), position, vocab_size));
    }
    requests[i].max_new_tokens = length(kOutputLengths, i);
  }
  return requests;
}

std::int64_t share_of(double share, std::int64_t whole) noexcept {
  return static_cast<std::int64_t>(std::floor(share * static_cast<double>(whole) + 1e-6));
}

std::vector<Request> shared_prefix_requests(std::int64_t sequences, std::int64_t input_tokens,
                                            std::int64_t output_tokens, double shared_share,
                                            double prefix_share, std::int64_t seed, std::int64_t vocab_size) {
  std::vector<Request> requests = fixed_requests(sequences, input_tokens, output_tokens, seed, vocab_size);
  const std::int64_t sharers = share_of(shared_share, sequences);
  const std::int64_t prefix = share_of(prefix_share, input_tokens);
  for (std::int64_t i = 0; i < sharers; ++i) {
    for (std::int64_t position = 0; position < prefix; ++position) {
      requests[static_cast<std::size_t>(i)].prompt[static_cast<std::size_t>(position)] =
          fixed_token(seed, kPrefix, position, vocab_size);
    }
  }
  for (std::size_t left = requests.size(); left > 1; --left) {  // Fisher and Yates
    std::swap(requests[left - 1], requests[drawn(seed, kOrder, left) % left]);
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
