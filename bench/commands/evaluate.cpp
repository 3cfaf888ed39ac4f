#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/cli/model_folder.h"
#include "bench/commands/commands.h"
#include "bench/commands/evaluate_options.h"
#include "bench/print/number.h"
#include "bench/trial/agreement.h"
#include "bench/trial/model_session.h"
#include "bench/trial/text_score.h"
#include "bench/workload/token_file.h"

namespace tpscale {
namespace {

void print_json(const TextScore& score, bool byte_level) {
  nlohmann::ordered_json object;
  object["nll"] = score.nll;
  object["perplexity"] = score.perplexity();
  object["accuracy"] = score.accuracy();
  if (byte_level) object["bits_per_byte"] = score.mean_nll() / std::log(2.0);
  std::puts(object.dump().c_str());
}

void print_text(const TextScore& score, bool byte_level) {
  std::printf("tokens judged   %zu\nperplexity      %s\naccuracy        %s\n", score.nll.size(),
              short_number(score.perplexity()).c_str(), percent(score.accuracy()).c_str());
  if (byte_level) std::printf("bits per byte   %s\n", short_number(score.mean_nll() / std::log(2.0)).c_str());
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
           "--json: {\"nll\": [...], \"perplexity\": x, \"accuracy\": y}; nll[i] is that of token i+1.";
  }

  void declare(OptionTable& table) override {
    table.add("Text", options_);
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
    together(world, [&] {
      require_shardable(config, world.size());
      compute_dtype(config, engine_, model_.backend);  // a name that is none is said now
      if (!options_.text.empty()) require_byte_level(model_.model, config);
      tokens = options_.text.empty() ? read_token_ids(options_.token_ids)
                                     : byte_tokens(read_input_file(options_.text));
      require_scorable(tokens, config);
    });
    const std::int64_t window = window_of(config, tokens);
    const std::vector<Request> requests{
        {std::vector<std::int32_t>(tokens.begin(), tokens.begin() + window - 1), 1, 0.0}};
    const DeviceSetup setup = set_up_devices(world, model_.backend, backend_, parallel_);
    RankGroup group(world, setup, world.size());
    ModelSession session(world, group, *source, engine_, requests);
    TextScore score;
    score = score_text(session.engine(), tokens, window);
    if (world.rank() == 0) {
      const bool byte_level = is_byte_level(model_.model, config);
      options_.json ? print_json(score, byte_level) : print_text(score, byte_level);
    }
    return ExitCode::kDone;
  }

 private:
  std::int64_t window_of(const ModelConfig& config, const std::vector<std::int32_t>& tokens) const {
    const auto all = static_cast<std::int64_t>(tokens.size());
    if (options_.window == 1 || options_.window < 0) throw UsageError("--window must be 0 or at least 2");
    if (options_.window > 0) return std::min(all, options_.window);
    return options_.text.empty() ? all : std::min(all, config.max_position_embeddings);
  }

  EvaluateOptions options_;
  ModelOptions model_;
  EngineOptions engine_;
  BackendOptions backend_;
  ParallelOptions parallel_;
};

}  // namespace

std::unique_ptr<Command> make_evaluate_command() {
  return std::make_unique<EvaluateCommand>();
}

}  // namespace tpscale
