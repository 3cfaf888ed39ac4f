#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "bench/cli/model_text.h"
#include "bench/commands/commands.h"
#include "bench/commands/experiment_sizes.h"
#include "bench/commands/run_report.h"
#include "bench/experiment.h"
#include "bench/preflight/launch_check.h"
#include "bench/print/message.h"
#include "bench/provenance/hardware.h"
#include "bench/provenance/provenance.h"
#include "bench/statistics/stopping_rule.h"
#include "bench/trial/agreement.h"
#include "bench/trial/injected_fault.h"
#include "bench/trial/launch.h"
#include "bench/trial/model_session.h"
#include "bench/trial/slo.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

const std::vector<std::string> kInjectableBugs{"", "transfer", "tokens", "clock", "time", "prefix-position"};

bool divides(const ModelConfig& config, int degree) {
  try {
    require_shardable(config, degree);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

std::vector<std::int64_t> default_degrees(const ModelConfig& config, int ranks) {
  std::vector<std::int64_t> degrees;
  for (int degree = 1; degree <= ranks; degree *= 2) {
    if (divides(config, degree)) degrees.push_back(degree);
  }
  return degrees;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : "+") + name;
  return text;
}

/// results/{experiment}_{model}_{timestamp}
std::string default_folder(const LaunchOptions& options) {
  std::string stamp = utc_timestamp();
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  std::filesystem::path model(options.model.model);
  if (!model.has_filename()) model = model.parent_path();
  const auto& names = options.run.experiments;
  const bool all = names.size() == experiment_registry().entries().size();
  return "results/" + (all ? "all" : joined(names)) + "_" + model.filename().string() + "_" + stamp;
}

class RunCommand final : public Command {
 public:
  std::string_view name() const noexcept override { return "run"; }
  std::string_view description() const noexcept override {
    return "measure experiments and store every sample; under mpirun every rank runs it";
  }
  std::string_view footer() const noexcept override {
    return "Examples:\n"
           "  tpscale run strong-scaling --model tiny\n"
           "  mpirun -n 4 tpscale run strong-scaling weak-scaling --tp 1,2,4 -o out\n"
           "  mpirun -n 2 tpscale run strong-scaling --text README.md --precision 0.02 --max-seconds 60\n"
           "  mpirun -n 4 tpscale run strong-scaling weak-scaling --tp 1,2,4 -o out --resume\n"
           "  tpscale run all --profile smoke\n"
           "A TOML file (--config) holds the same names: tp = [1, 2, 4]\n"
           "Results: DIR/points/*.h5 (one finished point each, never changed), DIR/results.h5 (made from "
           "them).\n"
           "SIGUSR1, SIGINT or SIGTERM: finished points are kept, exit 75, --resume measures the rest.\n"
           "Exit 3: a verdict failed (tokens differ, times do not add up, an implausible figure): that point "
           "has no figures.";
  }

  void declare(OptionTable& table) override {
    declare_launch_options(table, options_);
    table.row("experiments").positional = true;
    table.row("output").short_flag = "-o";
    table.row("inject-bug").hidden = true;
    table.row("inject-fault").group = "For tests";
  }

  ExitCode run(World& world, const OptionTable& table, const std::vector<std::string>& arguments) override {
    std::shared_ptr<FaultInjector> faults;
    together(world, [&] {
      check_options();
      faults = injected_fault(world, options_.run.inject_fault);
    });
    const auto source = open_model(world, options_.model);
    together(world, [&] {
      check_degrees(world, source->config());
      compute_dtype(source->config(), options_.engine);  // a name that is none is said now
      if (!options_.workload.text.empty())
        options_.workload.tokenizer = require_tokenizer(options_.model.model);
    });
    const auto devices = options_.run.dry_run ? plan_devices : set_up_devices;
    DeviceSetup setup = devices(world, options_.model.backend, options_.backend, options_.parallel);
    setup.faults = faults;
    const Sizing sizing{options_.run.profile, setup.backend == "cpu", source->config().vocab_size};
    std::optional<JudgedText> text;
    together(world, [&] {
      text = find_judged_text(options_.workload, options_.model.model, source->config(), sizing.cpu);
    });
    enforce(world, check_launch(world, {setup, static_cast<int>(options_.run.tp.back()), all_values(text),
                                        source->weights_hash(), !options_.run.dry_run}));

    Launch launch(world, options_, *source, std::move(setup));
    launch.text = std::move(text);
    open_store(launch, arguments);
    print_head(launch);
    bool passed = true;
    try {
      const std::vector<std::string>& names = options_.run.experiments;
      for (std::size_t i = 0; i < names.size(); ++i) {
        launch.progress.part(static_cast<std::int64_t>(i), static_cast<std::int64_t>(names.size()));
        const Experiment& experiment = experiment_registry().find(names[i]).factory;
        launch.options = options_of(experiment, options_, table, sizing);
        passed = run_experiment(launch, experiment) && passed;
      }
    } catch (const Error& error) {  // ranks that hear of an InterruptedError throw a CollectiveError
      if (error.code() != ExitCode::kInterrupted) throw;
      on_rank_zero(world, [&] { launch.store->derive_results(); });
      throw;
    }
    say_if_not_reached(world, faults.get());
    if (launch.root()) print_end(launch, passed);
    return passed ? ExitCode::kDone : ExitCode::kVerdictFailed;
  }

 private:
  void check_options() {
    RunOptions& run = options_.run;
    run.experiments = selected_experiments(run.experiments);
    require_profile(run.profile);
    if (std::ranges::find(kInjectableBugs, run.inject_bug) == kInjectableBugs.end()) {
      throw UsageError("--inject-bug knows tokens, clock, time, transfer and prefix-position");
    }
    if (std::ranges::any_of(run.batch_size, [](std::int64_t size) { return size < 1 || size > 65536; })) {
      throw UsageError("--batch-size takes numbers of sequences from 1 to 65536");
    }
    if (std::ranges::any_of(run.shard_of, [](std::int64_t degree) { return degree < 1 || degree > 65536; })) {
      throw UsageError("--shard-of takes degrees from 1 to 65536");
    }
    if (run.instrumented_repetitions < 0 || run.sequences_per_rank < 1 || run.probe_seconds <= 0.0) {
      throw UsageError(
          "--instrumented-repetitions must be 0 or more, --sequences-per-rank 1 or more, --probe-seconds "
          "above 0");
    }
    parse_slo(run.slo);  // limits that are none are said now
    make_stopping_rule(run.repetitions, run.precision, run.max_seconds > 0.0 ? run.max_seconds : 60.0);
  }

  void check_degrees(const World& world, const ModelConfig& config) {
    std::vector<std::int64_t>& degrees = options_.run.tp;
    if (degrees.empty()) degrees = default_degrees(config, world.size());
    std::ranges::sort(degrees);
    degrees.erase(std::unique(degrees.begin(), degrees.end()), degrees.end());
    if (degrees.front() < 1 || degrees.back() > 65536) throw UsageError("--tp takes degrees from 1 to 65536");
    for (const std::int64_t degree : degrees) require_shardable(config, static_cast<int>(degree));
    if (!options_.run.dry_run) require_ranks(world, static_cast<int>(degrees.back()));
  }

  Values all_values(const std::optional<JudgedText>& text) const {
    Values values = values_of(options_.run, options_.model, options_.workload, options_.engine,
                              options_.backend, options_.parallel);
    if (text) values.emplace_back("text_hash", text->hash);
    return values;
  }

  void open_store(Launch& launch, const std::vector<std::string>& arguments) {
    on_rank_zero(launch.world, [&] {
      std::vector<std::string> command_line{"tpscale"};
      command_line.insert(command_line.end(), arguments.begin(), arguments.end());
      launch.provenance = launch_provenance(launch.world, command_line);
      launch.provenance.emplace_back("weights_hash", launch.source.weights_hash());
      if (!options_.run.inject_fault.empty())
        launch.provenance.emplace_back("injected_fault", options_.run.inject_fault);
      launch.hardware = host_hardware();
      if (options_.run.dry_run) {
        launch.store = make_memory_store();
        return;
      }
      std::unique_ptr<Backend> device;
      if (launch.setup.backend != "cpu") device = make_backend(launch.world, launch.setup, 1);
      const std::string folder = options_.run.output.empty() ? default_folder(options_) : options_.run.output;
      launch.store = open_hdf5_store(
          folder, options_.run.resume,
          {binary_hash(), launch.source.weights_hash(), hardware_identity(launch.hardware, device.get())});
    });
  }

  void print_head(const Launch& launch) const {
    if (!launch.root()) return;
    if (launch.world.oversubscribed(static_cast<int>(options_.run.tp.back()))) {
      say("more ranks x threads than cores: the points of the larger degrees are marked oversubscribed");
    }
  }

  /// What the user did not give is said: no size is a secret of the program.
  void note_sizes(Launch& launch, const std::string& name) const {
    const std::string sizes = sizes_text(options_, launch.options);
    if (!launch.root() || sizes.empty()) return;
    launch.notes.push_back(name + ", profile '" + options_.run.profile + "': " + sizes +
                           (options_.run.profile == "full" ? "" : " (--profile full for the plan's)"));
    say(launch.notes.back());
  }

  bool run_experiment(Launch& launch, const Experiment& experiment) {
    note_sizes(launch, experiment.name);
    experiment.run(launch);
    bool passed = true;
    on_rank_zero(launch.world, [&] {
      const ExperimentReport& report = launch.reports.back();
      passed = report.verdicts_passed;
      if (!options_.run.json) {
        std::printf("%s\n", terminal_text(report.table).c_str());
        std::fflush(stdout);
      }
      if (!options_.run.dry_run) {
        launch.stages.time("store", StageClock::Kind::kOverhead, [&] { launch.store->derive_results(); });
      }
    });
    return tell_all(launch.world, passed ? 1 : 0) != 0;
  }

  void print_end(Launch& launch, bool passed) const {
    const std::string results = options_.run.dry_run ? "" : launch.store->derive_results();
    if (options_.run.json) {
      std::puts(run_report_json(launch, results, passed).c_str());
    } else if (!options_.run.dry_run) {
      std::printf("%s", terminal_text(run_report_text(launch, results)).c_str());
    }
  }

  LaunchOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_run_command() {
  return std::make_unique<RunCommand>();
}

}  // namespace tpscale
