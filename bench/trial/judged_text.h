#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/workload/options.h"
#include "model/config.h"

namespace tpscale {

/// The text that the points of a launch are judged by, whatever they serve: quality beside speed.
struct JudgedText {
  std::string source;                ///< name of its file
  std::vector<std::int32_t> tokens;  ///< at least 2
  std::int64_t bytes = 0;            ///< that the tokens after the first stand for; 0 where nobody knows
  std::string hash;                  ///< XXH64 of the tokens as 16 hex digits: part of a point's identity
};

/// The first `most_tokens` of options.text (by options.tokenizer) or options.token_ids; where neither is
/// given and `model` is the embedded one, of the script that trained it. None for any other model. Throws
/// what reading the file and require_scorable throw.
std::optional<JudgedText> find_text(const WorkloadOptions& options, const std::string& model,
                                    const ModelConfig& config, std::size_t most_tokens);

/// find_text() as long as judging takes a second or two: 2,000 tokens, fewer of a large model on a CPU.
std::optional<JudgedText> find_judged_text(const WorkloadOptions& options, const std::string& model,
                                           const ModelConfig& config, bool on_cpu);

}  // namespace tpscale
