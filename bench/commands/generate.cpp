#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/cli/model_text.h"
#include "bench/commands/commands.h"
#include "bench/commands/generate_options.h"
#include "bench/preflight/launch_check.h"
#include "bench/trial/agreement.h"
#include "bench/trial/model_session.h"

namespace tpscale {
namespace {

std::vector<std::int32_t> prompt_of(const GenerateOptions& options, const Tokenizer* tokenizer,
                                    const ModelConfig& config) {
  if (options.prompt_ids.empty() == options.text_prompt.empty()) {
    throw UsageError("give the prompt either as --prompt-ids 1,2,3 or as --text-prompt TEXT");
  }
  const bool text = !options.text_prompt.empty();
  std::vector<std::int64_t> ids = options.prompt_ids;
  if (text) {
    const std::vector<std::int32_t> tokens = tokenizer->encode(options.text_prompt);
    ids.assign(tokens.begin(), tokens.end());
    if (ids.empty()) throw UsageError("the tokenizer makes no token of --text-prompt");
  }
  for (const std::int64_t id : ids) {
    if (id >= 0 && id < config.vocab_size) continue;
    throw UsageError((text ? "the tokenizer makes of --text-prompt the id " : "--prompt-ids has ") +
                     std::to_string(id) + ", and the model's ids are 0 to " +
                     std::to_string(config.vocab_size - 1));
  }
  return {ids.begin(), ids.end()};
}

/// New tokens as text where there is a tokenizer, else as ids.
void print(const std::vector<std::int32_t>& prompt, const std::vector<std::int32_t>& tokens,
           const Tokenizer* tokenizer, bool json) {
  std::string text;
  if (tokenizer != nullptr) text = tokenizer->decode_after(prompt, tokens);
  if (json) {
    nlohmann::ordered_json object;
    object["token_ids"] = tokens;
    if (tokenizer != nullptr) object["text"] = text;
    text = object.dump();
  } else if (tokenizer == nullptr) {
    for (const std::int32_t token : tokens) text += (text.empty() ? "" : " ") + std::to_string(token);
  }
  text.push_back('\n');
  std::fwrite(text.data(), 1, text.size(), stdout);
}

class GenerateCommand final : public Command {
 public:
  std::string_view name() const noexcept override { return "generate"; }
  std::string_view description() const noexcept override {
    return "greedy tokens after a prompt, at tp = number of ranks";
  }
  std::string_view footer() const noexcept override {
    return "Examples:\n  tpscale generate --text-prompt 'def main(' --max-new-tokens 64\n"
           "  mpirun -n 2 tpscale generate --model DIR --prompt-ids 1,2,3 --max-new-tokens 8 --json\n"
           "Prints the new tokens only: text where the model has a tokenizer.json, else ids; --json: "
           "{\"token_ids\": [...], \"text\": \"...\"}.";
  }

  void declare(OptionTable& table) override {
    table.add("Prompt", options_);
    table.add("Model and device", model_);
    table.add("Engine", engine_);
    table.add("Model and device", backend_);
    table.add("Parallel", parallel_);
  }

  ExitCode run(World& world, const OptionTable&, const std::vector<std::string>&) override {
    const auto source = open_model(world, model_);
    const ModelConfig& config = source->config();
    std::vector<Request> requests;
    std::unique_ptr<Tokenizer> tokenizer;
    together(world, [&] {
      require_shardable(config, world.size());
      compute_dtype(config, engine_);  // a name that is none is said now
      if (options_.max_new_tokens < 1) throw UsageError("--max-new-tokens must be at least 1");
      tokenizer =
          options_.text_prompt.empty() ? find_tokenizer(model_.model) : require_tokenizer(model_.model);
      requests = {{prompt_of(options_, tokenizer.get(), config), options_.max_new_tokens, 0.0}};
    });
    const DeviceSetup setup = set_up_devices(world, model_.backend, backend_, parallel_);
    enforce(world, check_launch(
                       world, {setup, world.size(), values_of(options_, model_, engine_, backend_, parallel_),
                               source->weights_hash()}));
    RankGroup group(world, setup, world.size());
    ModelSession session(world, group, *source, engine_, requests);
    RunResult result;
    result = session.engine().run(requests);
    if (world.rank() == 0) {
      print(requests.front().prompt, result.requests.front().tokens, tokenizer.get(), options_.json);
    }
    return ExitCode::kDone;
  }

 private:
  GenerateOptions options_;
  ModelOptions model_;
  EngineOptions engine_;
  BackendOptions backend_;
  ParallelOptions parallel_;
};

}  // namespace

std::unique_ptr<Command> make_generate_command() {
  return std::make_unique<GenerateCommand>();
}

}  // namespace tpscale
