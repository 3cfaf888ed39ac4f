#pragma once
#include <cstdint>
#include <string>

namespace tpscale {

struct EvaluateOptions {
  std::string token_ids;
  std::string text;
  std::int64_t window = 0;
  bool json = false;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("token-ids", self.token_ids, "file of token ids: integers between blanks or line ends, or .npy");
    visit("text", self.text, "file of text, for a model with a tokenizer.json");
    visit("window", self.window,
          "longest context; later windows overlap by half (0: the whole of --token-ids, the model's context "
          "for --text)");
    visit("json", self.json, "one JSON object on standard output and nothing else there");
  }
};

}  // namespace tpscale
