#include "bench/workload/mixed_texts.h"

#include <array>
#include <string_view>

#include "bench/workload/generated.h"
#include "bench/workload/token_file.h"

namespace tpscale {
namespace {

constexpr std::int64_t kByteLevel = 256;

constexpr std::array<std::string_view, kMixedTexts> kTexts = {
    "Hello!", "How far does one more GPU take a model of this size today",
    "A language model writes one token after another. Before the first of them it must read the whole"
    " prompt, which is one large piece of work: every token of the prompt goes through every layer, "
    "and the arithmetic units are busy. After that, each step reads all weights again for a single "
    "token a sequence, and the memory is what limits it. What the layers have computed about earlier "
    "tokens, their keys and values, is kept in a cache, so that nothing is computed twice. The cache "
    "grows with every token. Explain in a few short sentences why many sequences are decoded "
    "together, what that does to the time of a step, and what ends the gains when more and more of "
    "them are added there.",
    "Thanks."};
static_assert(kTexts[0].size() == 6 && kTexts[1].size() == 57 && kTexts[2].size() == 680 &&
              kTexts[3].size() == 7);

}  // namespace

std::vector<Request> mixed_text_requests(std::int64_t sequences, std::int64_t output_tokens,
                                         std::int64_t seed, std::int64_t vocab_size) {
  std::vector<Request> requests(static_cast<std::size_t>(sequences));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].max_new_tokens = output_tokens;
    if (vocab_size == kByteLevel) {
      requests[i].prompt = byte_tokens(kTexts.at(i));
      continue;
    }
    const auto characters = static_cast<std::int64_t>(kTexts.at(i).size());
    for (std::int64_t position = 0; position < characters; ++position) {
      requests[i].prompt.push_back(fixed_token(seed, static_cast<std::int64_t>(i), position, vocab_size));
    }
  }
  return requests;
}

}  // namespace tpscale
