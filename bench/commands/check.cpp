#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/commands/commands.h"
#include "bench/preflight/devices.h"
#include "bench/preflight/launch_check.h"
#include "bench/preflight/start.h"
#include "bench/trial/device_peaks.h"
#include "bench/trial/model_session.h"
#include "bench/workload/options.h"
#include "bench/workload/workload.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

struct CheckOptions {
  bool json = false;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("json", self.json, "one JSON object on standard output");
  }
};

class CheckCommand final : public Command {
 public:
  std::string_view name() const noexcept override { return "check"; }
  std::string_view description() const noexcept override {
    return "whether a launch is fit to measure: programs, options, libraries, cores, devices, memory";
  }
  std::string_view footer() const noexcept override {
    return "Examples:\n  mpirun -n 4 tpscale check --model tiny\n  srun --mpi=pmix tpscale check --model DIR "
           "--json\n"
           "Takes the options of a run and measures nothing. A line a check; exit 0, or the code of the "
           "first that "
           "failed.\n"
           "Every run makes the same checks as it starts: it ends where ranks do not match, and says what is "
           "doubtful (shared cores or GPUs), which fails here.";
  }

  void declare(OptionTable& table) override {
    table.add("Checking", options_);
    table.add("Model and device", model_);
    table.add("Workload", workload_);
    table.add("Engine", engine_);
    table.add("Model and device", backend_);
    table.add("Parallel", parallel_);
  }

  ExitCode run(World& world, const OptionTable&, const std::vector<std::string>& arguments) override {
    const auto source = open_model(world, model_);
    std::size_t bytes = 0;
    const DeviceSetup setup = set_up_devices(world, model_.backend, backend_, parallel_);
    together(world, [&] { bytes = planned_bytes(world, *source); });

    std::vector<Finding> findings = check_start(world, arguments);
    const auto add = [&](std::vector<Finding> more) {
      std::ranges::move(more, std::back_inserter(findings));
    };
    add(check_launch(world, {setup, world.size(), values_of(model_, workload_, engine_, backend_, parallel_),
                             source->weights_hash()}));
    add(check_group(world, setup, bytes));
    if (world.rank() == 0) options_.json ? print_json(findings) : print_text(findings);
    const auto failed = std::ranges::find_if_not(findings, &Finding::passed);
    if (failed != findings.end()) throw CollectiveError(failed->code, failed->sentence);
    return ExitCode::kDone;
  }

 private:
  std::size_t planned_bytes(const World& world, const ModelSource& source) {
    const ModelConfig& config = source.config();
    require_shardable(config, world.size());
    EngineOptions exact = engine_;
    exact.dtype = to_string(compute_dtype(config, engine_));
    if (!workload_.text.empty()) throw UsageError("check takes no --text; --input-tokens tells its length");
    const Workload workload = make_workload(workload_, config.vocab_size);
    const ModelShard shard = plan_shard(config, world.size(), world.rank());
    const EngineSizes sizes = plan_sizes(config, shard, exact, workload.requests);
    return static_cast<std::size_t>(sizes.weight_bytes + sizes.kv_bytes + sizes.activation_bytes) +
           probe_bytes(static_cast<std::size_t>(sizes.weight_bytes));
  }

  /// The devices themselves, their memory, and that the ranks can talk.
  std::vector<Finding> check_group(World& world, const DeviceSetup& setup, std::size_t bytes) const {
    std::vector<Finding> findings;
    std::unique_ptr<Backend> backend;
    together(world, [&] { backend = make_backend(world, setup, world.size()); });
    if (setup.backend == "cpu") findings.push_back(check_devices(world, *backend, parallel_, world.size()));
    findings.push_back(check_memory(world, *backend, bytes, world.size()));
    backend.reset();
    try {
      const RankGroup group(world, setup, world.size());
      group.comm().barrier();
      findings.push_back(passed("communicator", "a barrier of " + std::to_string(world.size()) +
                                                    " ranks by " + std::string(group.comm().name())));
    } catch (const NotAvailableError& error) {  // of all ranks
      findings.push_back(refused("communicator", error.code(), error.what()));
    }
    return findings;
  }

  static const char* state(const Finding& finding) {
    return finding.passed() ? "ok" : finding.refused ? "refused" : "doubtful";
  }

  static void print_text(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings)
      std::printf("%-9s %-13s %s\n", state(finding), finding.check.c_str(), finding.sentence.c_str());
  }

  static void print_json(const std::vector<Finding>& findings) {
    nlohmann::ordered_json object;
    object["passed"] = std::ranges::all_of(findings, &Finding::passed);
    for (const Finding& finding : findings) {
      object["checks"].push_back({{"check", finding.check},
                                  {"state", state(finding)},
                                  {"code", static_cast<int>(finding.code)},
                                  {"sentence", finding.sentence}});
    }
    std::puts(object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  }

  CheckOptions options_;
  ModelOptions model_;
  WorkloadOptions workload_;
  EngineOptions engine_;
  BackendOptions backend_;
  ParallelOptions parallel_;
};

}  // namespace

std::unique_ptr<Command> make_check_command() {
  return std::make_unique<CheckCommand>();
}

}  // namespace tpscale
