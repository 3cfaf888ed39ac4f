#pragma once
#include <cstdint>
#include <memory>
#include <string>

namespace tpscale {

class Tokenizer;

/// What the engine is asked to serve. One member and one line of visit_fields an option.
struct WorkloadOptions {
  std::string workload = "fixed";   ///< a name of workload_names()
  std::int64_t num_sequences = 0;   ///< 0: the workload's own number
  std::int64_t input_tokens = 128;  ///< of a sequence: fixed, shared-prefix, text
  std::int64_t output_tokens = 32;  ///< of a sequence: fixed, shared-prefix, mixed-texts, text
  std::int64_t min_length = 100;    ///< of random-lengths, input and output
  std::int64_t max_length = 1024;
  double shared_share = 0.7;        ///< of the requests that begin with the prefix: shared-prefix
  double prefix_share = 0.8;        ///< of their prompt that is the prefix
  std::int64_t length_divisor = 1;  ///< all lengths are divided by it: nano-vllm
  double request_rate = 0.0;        ///< requests a second; 0: as the workload has them, all at once
  double burstiness = 1.0;          ///< shape of the gamma distribution of the gaps; 1: Poisson arrivals
  std::string text;                 ///< file that `tokenizer` reads
  std::string token_ids;            ///< file of token ids: .npy, or integers between blanks
  std::string trace;                ///< JSON Lines file
  std::int64_t seed = 0;
  std::shared_ptr<const Tokenizer> tokenizer;  ///< of `text`: the model's; without one a byte is a token

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("workload", self.workload,
          "what is served: fixed, random-lengths, nano-vllm, shared-prefix, mixed-texts, text or trace");
    visit("num-sequences", self.num_sequences,
          "sequences (0: 8 of fixed, random-lengths and at most of text, 100 of shared-prefix, all of the "
          "others)");
    visit("input-tokens", self.input_tokens, "prompt tokens a sequence (fixed, shared-prefix, text)");
    visit("output-tokens", self.output_tokens,
          "new tokens a sequence (fixed, shared-prefix, mixed-texts, text)");
    visit("min-length", self.min_length, "shortest input and output (random-lengths)");
    visit("max-length", self.max_length, "longest input and output (random-lengths)");
    visit("shared-share", self.shared_share, "share of the requests with the same prefix (shared-prefix)");
    visit("prefix-share", self.prefix_share, "share of their prompt that is the prefix (shared-prefix)");
    visit("length-divisor", self.length_divisor, "divide all lengths by this (nano-vllm)");
    visit("request-rate", self.request_rate,
          "requests a second, arriving at random times of their own (0: all at once, or as the trace says)");
    visit("burstiness", self.burstiness,
          "with --request-rate: 1 for Poisson arrivals, less for bursts, more for even gaps (gamma shape)");
    visit("text", self.text,
          "file by which every experiment judges the model, and which it serves in place of fixed sequences; "
          "for a model with a tokenizer.json");
    visit("token-ids", self.token_ids, "the same as token ids: .npy or integers between blanks");
    visit("trace", self.trace,
          "file of the trace workload: a JSON request a line, as `tpscale workload` writes it");
    visit("seed", self.seed, "seed of generated token ids and lengths");
  }
};

}  // namespace tpscale
