#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bench/trial/launch.h"

namespace tpscale {

/// The texts by which kv-compression judges its methods, and the prompt with which it times them.
struct CompressionTexts {
  std::string source;  ///< a file's name, or how they were made
  std::vector<std::vector<std::int32_t>> samples;
  std::vector<std::int64_t> bytes;  ///< that the judged tokens of each stand for; empty where nobody knows
  std::vector<std::int32_t> prompt;
  std::string hash;  ///< of samples and prompt
};

/// --num-samples pieces of --sample-tokens, one behind the other, of --text or --token-ids (of the embedded
/// model: of the script that trained it); synthetic tokens where there is no text. The prompt is the first
/// --input-tokens of the same. Throws UsageError where the text is too short, and what reading it throws.
CompressionTexts make_compression_texts(const Launch& launch);

}  // namespace tpscale
