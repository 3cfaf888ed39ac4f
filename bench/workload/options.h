#pragma once
#include <cstdint>
#include <memory>
#include <string>

namespace tpscale {

class Tokenizer;

/// What the engine is asked to serve. One member and one line of visit_fields an option.
struct WorkloadOptions {
  std::string workload = "fixed";   ///< fixed | nano-vllm | text | trace
  std::int64_t num_sequences = 0;   ///< 0: the workload's own number
  std::int64_t input_tokens = 128;  ///< of a sequence: fixed, text
  std::int64_t output_tokens = 32;  ///< of a sequence: fixed, text
  std::int64_t length_divisor = 1;  ///< all lengths are divided by it: nano-vllm
  std::string text;                 ///< file that `tokenizer` reads
  std::string token_ids;            ///< file of token ids: .npy, or integers between blanks
  std::string trace;                ///< JSON Lines file
  std::int64_t seed = 0;
  std::shared_ptr<const Tokenizer> tokenizer;  ///< of `text`: the model's; without one a byte is a token

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("workload", self.workload, "what is served: fixed, nano-vllm, text or trace");
    visit("num-sequences", self.num_sequences,
          "sequences (0: 8 of fixed and at most of text, all of the others)");
    visit("input-tokens", self.input_tokens, "prompt tokens a sequence (fixed, text)");
    visit("output-tokens", self.output_tokens, "new tokens a sequence (fixed, text)");
    visit("length-divisor", self.length_divisor, "divide all lengths by this (nano-vllm)");
    visit("text", self.text, "file of the text workload, for a model with a tokenizer.json");
    visit("token-ids", self.token_ids, "file of the text workload: token ids as .npy or between blanks");
    visit("trace", self.trace,
          "file of the trace workload: a JSON request a line, as `tpscale workload` writes it");
    visit("seed", self.seed, "seed of generated token ids and lengths");
  }
};

}  // namespace tpscale
