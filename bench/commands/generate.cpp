#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/cli/model_folder.h"
#include "bench/commands/commands.h"
#include "bench/commands/generate_options.h"
#include "bench/trial/agreement.h"
#include "bench/trial/model_session.h"

namespace tpscale {
namespace {

std::vector<std::int32_t> prompt_of(const GenerateOptions& options, const std::string& model,
                                    const ModelConfig& config) {
  if (options.prompt_ids.empty() == options.text_prompt.empty()) {
    throw UsageError("give the prompt either as --prompt-ids 1,2,3 or as --text-prompt TEXT");
  }
  std::vector<std::int32_t> prompt;
  if (!options.text_prompt.empty()) {
    require_byte_level(model, config);
    for (const char byte : options.text_prompt) prompt.push_back(static_cast<unsigned char>(byte));
    return prompt;
  }
  for (const std::int64_t id : options.prompt_ids) {
    if (id < 0 || id >= config.vocab_size) {
      throw UsageError("--prompt-ids has " + std::to_string(id) + ", and the model's ids are 0 to " +
                       std::to_string(config.vocab_size - 1));
    }
    prompt.push_back(static_cast<std::int32_t>(id));
  }
  return prompt;
}

void print(const std::vector<std::int32_t>& tokens, bool byte_level, bool json) {
  std::string text;
  if (byte_level) {
    for (const std::int32_t token : tokens) text.push_back(static_cast<char>(token));
  }
  if (json) {
    nlohmann::ordered_json object;
    object["token_ids"] = tokens;
    if (byte_level) object["text"] = text;
    // A byte-level model may stop inside a character: the replacement character stands for what is no UTF-8.
    text = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  } else if (!byte_level) {
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
           "Prints the new tokens only: text for byte-level models, ids for others; --json: {\"token_ids\": "
           "[...]}.";
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
    together(world, [&] {
      require_shardable(config, world.size());
      compute_dtype(config, engine_, model_.backend);  // a name that is none is said now
      if (options_.max_new_tokens < 1) throw UsageError("--max-new-tokens must be at least 1");
      requests = {{prompt_of(options_, model_.model, config), options_.max_new_tokens, 0.0}};
    });
    const DeviceSetup setup = set_up_devices(world, model_.backend, backend_, parallel_);
    RankGroup group(world, setup, world.size());
    ModelSession session(world, group, *source, engine_, requests);
    RunResult result;
    result = session.engine().run(requests);
    if (world.rank() == 0)
      print(result.requests.front().tokens, is_byte_level(model_.model, config), options_.json);
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
