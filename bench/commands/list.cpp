#include <cstdio>
#include <nlohmann/json.hpp>

#include "backend/backend.h"
#include "bench/commands/commands.h"
#include "bench/experiment.h"
#include "bench/print/number.h"
#include "bench/workload/workload.h"
#include "model/config.h"
#include "parallel/registry.h"

namespace tpscale {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

template <class Factory>
Lines lines_of(const Registry<Factory>& registry) {
  Lines lines;
  for (const auto& [name, entry] : registry.entries()) {
    const std::string absence = entry.absence ? entry.absence() : "";
    lines.emplace_back(name, absence.empty() ? entry.description : "not available: " + absence);
  }
  for (const auto& [name, reason] : registry.absent()) lines.emplace_back(name, "not available: " + reason);
  return lines;
}

std::string describe_preset(std::string_view name) {
  const ModelConfig config = preset_config(name);
  return short_number(static_cast<double>(parameter_count(config)) / 1e6) + " million parameters, " +
         std::to_string(config.num_layers) + " layers, hidden " + std::to_string(config.hidden_size) + ", " +
         std::to_string(config.num_heads) + " heads, " + std::to_string(config.num_kv_heads) + " KV heads";
}

Lines model_lines() {
  Lines lines;
  for (const std::string_view name : preset_names()) {
    lines.emplace_back(name,
                       name == "embedded"
                           ? "a small byte-level model trained on Python source; real weights, prints text"
                           : describe_preset(name) + "; synthetic weights");
  }
  lines.emplace_back("DIR",
                     "a Hugging Face folder of a Llama, Mistral, Qwen2, Qwen3, GPT-NeoX or GPT-2 model");
  return lines;
}

Lines workload_lines() {
  Lines lines;
  for (const WorkloadName& workload : workload_names())
    lines.emplace_back(workload.name, workload.description);
  return lines;
}

struct ListOptions {
  bool json = false;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("json", self.json, "one JSON object on standard output");
  }
};

class ListCommand final : public Command {
 public:
  std::string_view name() const noexcept override { return "list"; }
  std::string_view description() const noexcept override {
    return "experiments, models, workloads, backends, communicators of this build";
  }
  void declare(OptionTable& table) override { table.add("Output", options_); }

  ExitCode run(World& world, const OptionTable&, const std::vector<std::string>&) override {
    if (world.rank() != 0) return ExitCode::kDone;
    const std::vector<std::pair<std::string, Lines>> sections{
        {"experiments", lines_of(experiment_registry())},
        {"models", model_lines()},
        {"workloads", workload_lines()},
        {"backends", lines_of(backend_registry())},
        {"communicators", lines_of(communicator_registry())}};
    if (options_.json) {
      nlohmann::ordered_json object;
      for (const auto& [section, lines] : sections) {
        object[section] = nlohmann::ordered_json::object();
        for (const auto& [what, line] : lines) object[section][what] = line;
      }
      std::puts(object.dump().c_str());
      return ExitCode::kDone;
    }
    for (const auto& [section, lines] : sections) {
      std::printf("%s%s\n", section == "experiments" ? "" : "\n", section.c_str());
      for (const auto& [what, line] : lines) std::printf("  %-16s %s\n", what.c_str(), line.c_str());
    }
    return ExitCode::kDone;
  }

 private:
  ListOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_list_command() {
  return std::make_unique<ListCommand>();
}

}  // namespace tpscale
