#include "bench/trial/judged_text.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "bench/cli/model_folder.h"
#include "bench/cli/model_text.h"
#include "bench/store/hash.h"
#include "bench/trial/text_score.h"
#include "bench/workload/token_file.h"
#include "text/tokenizer.h"

namespace tpscale {
namespace {

constexpr std::int64_t kMostTokens = 2000;
constexpr std::int64_t kFewestTokens = 128;
constexpr std::int64_t kMultiplyAddsOnCpu = std::int64_t{100'000'000'000};  // a second of two cores

/// Windows overlap by half: every token is computed twice.
std::size_t tokens_to_judge(const ModelConfig& config, bool on_cpu) {
  if (!on_cpu) return kMostTokens;
  const std::int64_t affordable =
      kMultiplyAddsOnCpu / (2 * std::max<std::int64_t>(1, parameter_count(config)));
  return static_cast<std::size_t>(std::clamp(affordable, kFewestTokens, kMostTokens));
}

/// Beside the embedded model's folder, in a checkout as in a bundle. The model has never seen it.
std::filesystem::path embedded_text() {
  return std::filesystem::path(embedded_model_folder()).parent_path() / "train_embedded.py";
}

JudgedText judged(const std::filesystem::path& file, std::vector<std::int32_t> tokens,
                  const Tokenizer* tokenizer, const ModelConfig& config, std::size_t most_tokens) {
  tokens.resize(std::min(tokens.size(), most_tokens));
  require_scorable(tokens, config);
  JudgedText text{file.filename().string(), std::move(tokens), 0, ""};
  if (tokenizer != nullptr) {
    const std::span<const std::int32_t> all(text.tokens);
    text.bytes = static_cast<std::int64_t>(tokenizer->decode_bytes(all).size() -
                                           tokenizer->decode_bytes(all.first(1)).size());
  }
  Hasher hasher;
  for (const std::int32_t token : text.tokens) hasher.add_integer(token);
  text.hash = hasher.hex();
  return text;
}

}  // namespace

std::optional<JudgedText> find_text(const WorkloadOptions& options, const std::string& model,
                                    const ModelConfig& config, std::size_t most_tokens) {
  if (!options.text.empty()) {
    const std::string text = read_input_file(options.text);
    return judged(options.text, options.tokenizer ? options.tokenizer->encode(text) : byte_tokens(text),
                  options.tokenizer.get(), config, most_tokens);
  }
  if (!options.token_ids.empty())
    return judged(options.token_ids, read_token_ids(options.token_ids), nullptr, config, most_tokens);
  std::error_code ignored;
  if (model != "embedded" || !std::filesystem::exists(embedded_text(), ignored)) return std::nullopt;
  const std::unique_ptr<Tokenizer> tokenizer = require_tokenizer(model);
  return judged(embedded_text(), tokenizer->encode(read_input_file(embedded_text().string())),
                tokenizer.get(), config, most_tokens);
}

std::optional<JudgedText> find_judged_text(const WorkloadOptions& options, const std::string& model,
                                           const ModelConfig& config, bool on_cpu) {
  return find_text(options, model, config, tokens_to_judge(config, on_cpu));
}

}  // namespace tpscale
