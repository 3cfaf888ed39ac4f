#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tpscale {

struct GenerateOptions {
  std::vector<std::int64_t> prompt_ids;
  std::string text_prompt;
  std::int64_t max_new_tokens = 16;
  bool json = false;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("prompt-ids", self.prompt_ids, "token ids of the prompt");
    visit("text-prompt", self.text_prompt, "the prompt as text, for a model with a tokenizer.json");
    visit("max-new-tokens", self.max_new_tokens, "tokens to generate; end-of-sequence is ignored");
    visit("json", self.json, "one JSON object on standard output and nothing else there");
  }
};

}  // namespace tpscale
