#pragma once
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>

#include "support/paths.h"

namespace tpscale {

inline constexpr const char* kTokenizers[] = {"gpt2", "neox", "llama3", "qwen", "sentencepiece", "metaspace"};

inline std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// tokenizer.json or expected.json of a fixture.
inline std::string tokenizer_fixture(std::string_view name, std::string_view file) {
  return file_text(test::fixtures() + "/tokenizers/" + std::string(name) + "/" + std::string(file));
}

/// The smallest file of a BPE model over the characters a, b, c and the blank, with "ab" and "abc" merged.
inline nlohmann::json small_tokenizer() {
  return nlohmann::json::parse(R"({
    "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": {"type": "Fuse"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, " ": 5, "?": 6},
              "merges": ["a b", "ab c"], "unk_token": "?"}})");
}

}  // namespace tpscale
