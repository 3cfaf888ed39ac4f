#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/cli/compression_options.h"
#include "bench/cli/model_text.h"
#include "bench/commands/commands.h"
#include "bench/commands/evaluate_options.h"
#include "bench/preflight/launch_check.h"
#include "bench/print/number.h"
#include "bench/trial/agreement.h"
#include "bench/trial/compressed_score.h"
#include "bench/trial/model_session.h"
#include "bench/trial/text_score.h"
#include "bench/workload/token_file.h"
#include "engine/compressed_sequence.h"

namespace tpscale {
namespace {

void print_json(const TextScore& score, const CompressedScore* cache) {
  nlohmann::ordered_json object;
  object["nll"] = score.nll;
  object["perplexity"] = score.perplexity();
  object["accuracy"] = score.accuracy();
  if (score.bytes > 0) object["bits_per_byte"] = score.bits_per_byte();
  if (cache != nullptr) {
    object["cache_tokens_mean"] = cache->mean_cached;
    object["cache_tokens_max"] = cache->most_cached;
    object["cache_tokens_final"] = cache->last_cached;
  }
  std::puts(object.dump().c_str());
}

void print_text(const TextScore& score, const CompressedScore* cache) {
  std::printf("tokens judged   %zu\nperplexity      %s\naccuracy        %s\n", score.nll.size(),
              short_number(score.perplexity()).c_str(), percent(score.accuracy()).c_str());
  if (score.bytes > 0) std::printf("bits per byte   %s\n", short_number(score.bits_per_byte()).c_str());
  if (cache != nullptr) {
    std::printf("cached tokens   %s on average, %lld at most, %lld at the end\n",
                short_number(cache->mean_cached).c_str(), static_cast<long long>(cache->most_cached),
                static_cast<long long>(cache->last_cached));
  }
}

class EvaluateCommand final : public Command {
 public:
  std::string_view name() const noexcept override { return "evaluate"; }
  std::string_view description() const noexcept override {
    return "how well the model predicts a text, at tp = number of ranks";
  }
  std::string_view footer() const noexcept override {
    return "Examples:\n  tpscale evaluate --text bench/main.cpp\n"
           "  mpirun -n 2 tpscale evaluate --model DIR --token-ids FILE --json\n"
           "  tpscale evaluate --text bench/main.cpp --method streaming_256\n"
           "--json: {\"nll\": [...], \"perplexity\": x, \"accuracy\": y}; nll[i] is that of token i+1; with "
           "--text \"bits_per_byte\" too.\n"
           "--method: one token a forward pass, over a KV cache that is cut after each.";
  }

  void declare(OptionTable& table) override {
    table.add("Text", options_);
    table.add("KV-cache compression", compression_);
    table.add("Model and device", model_);
    table.add("Engine", engine_);
    table.add("Model and device", backend_);
    table.add("Parallel", parallel_);
  }

  ExitCode run(World& world, const OptionTable&, const std::vector<std::string>&) override {
    together(world, [&] {
      if (options_.token_ids.empty() != options_.text.empty()) return;
      throw UsageError("give the text either as --token-ids FILE or as --text FILE");
    });
    const auto source = open_model(world, model_);
    const ModelConfig& config = source->config();
    std::vector<std::int32_t> tokens;
    std::vector<EvictionPolicy> methods;
    together(world, [&] {
      methods = asked_methods();
      require_shardable(config, world.size());
      compute_dtype(config, engine_);  // a name that is none is said now
      tokens = options_.text.empty() ? read_token_ids(options_.token_ids) : encode_text();
      require_scorable(tokens, config);
      if (!methods.empty()) require_compressible(config, methods.front(), length_of(tokens));
    });
    const std::int64_t window = methods.empty() ? window_of(config, tokens) : 2;
    const std::vector<Request> requests{
        {std::vector<std::int32_t>(tokens.begin(), tokens.begin() + window - 1), 1, 0.0}};
    const DeviceSetup setup = set_up_devices(world, model_.backend, backend_, parallel_);
    enforce(world,
            check_launch(world, {setup, world.size(),
                                 values_of(options_, compression_, model_, engine_, backend_, parallel_),
                                 source->weights_hash()}));
    RankGroup group(world, setup, world.size());
    ModelSession session(world, group, *source, engine_, requests);
    CompressedScore compressed;
    if (methods.empty()) {
      compressed.text = score_text(session.engine(), tokens, window);
    } else {
      const CompressedLength length = length_of(tokens);
      session.require_room(static_cast<std::size_t>(compressed_kv_bytes(
          config, session.shard(), parse_dtype(session.engine().options().dtype), methods.front(), length)));
      compressed = score_compressed(session.engine(), methods.front(), tokens);
    }
    TextScore& score = compressed.text;
    score.bytes = judged_bytes_;
    const CompressedScore* cache = methods.empty() ? nullptr : &compressed;
    if (world.rank() == 0) options_.json ? print_json(score, cache) : print_text(score, cache);
    return ExitCode::kDone;
  }

 private:
  /// The one method, or none: an uncut pass.
  std::vector<EvictionPolicy> asked_methods() const {
    if (compression_.method.empty()) return {};
    auto methods = parse_methods(compression_.method, eviction_settings(compression_, 0));
    if (methods.size() > 1)
      throw UsageError(
          "evaluate takes one --method with its number, such as streaming_256; tpscale run "
          "kv-compression compares several");
    if (options_.window != 0)
      throw UsageError("--window goes with a cache that is not cut: leave out --method");
    return methods;
  }

  CompressedLength length_of(const std::vector<std::int32_t>& tokens) const {
    return {1, static_cast<std::int64_t>(tokens.size()) - 1, engine_.block_size};
  }

  std::vector<std::int32_t> encode_text() {
    const std::string text = read_input_file(options_.text);
    const auto tokenizer = require_tokenizer(model_.model);
    std::vector<std::int32_t> tokens = tokenizer->encode(text);
    // The first token is not judged: its bytes do not count, where it is text at all.
    const std::size_t unjudged = tokens.empty() || tokenizer->begins_with_special()
                                     ? 0
                                     : tokenizer->decode_bytes({tokens.data(), 1}).size();
    judged_bytes_ = static_cast<std::int64_t>(text.size() - std::min(text.size(), unjudged));
    return tokens;
  }

  std::int64_t window_of(const ModelConfig& config, const std::vector<std::int32_t>& tokens) const {
    const auto all = static_cast<std::int64_t>(tokens.size());
    if (options_.window == 1 || options_.window < 0) throw UsageError("--window must be 0 or at least 2");
    if (options_.window > 0) return std::min(all, options_.window);
    return options_.text.empty() ? all : std::min(all, config.max_position_embeddings);
  }

  EvaluateOptions options_;
  CompressionOptions compression_;
  ModelOptions model_;
  EngineOptions engine_;
  BackendOptions backend_;
  ParallelOptions parallel_;
  std::int64_t judged_bytes_ = 0;  ///< of --text
};

}  // namespace

std::unique_ptr<Command> make_evaluate_command() {
  return std::make_unique<EvaluateCommand>();
}

}  // namespace tpscale
