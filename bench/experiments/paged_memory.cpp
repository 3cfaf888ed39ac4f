#include <algorithm>
#include <array>
#include <memory>

#include "bench/experiment.h"
#include "bench/print/number.h"
#include "bench/trial/comparison.h"
#include "bench/trial/identity.h"
#include "bench/trial/memory_watch.h"
#include "bench/workload/generated.h"
#include "core/error.h"
#include "engine/plan_run.h"
#include "kv/block_manager.h"

namespace tpscale {
namespace {

constexpr std::array<std::int64_t, 5> kPredictedBlocks{256, 128, 64, 32, 16};
constexpr std::int64_t kNanoVllmLargestToken = 10000;
constexpr std::int64_t kNanoVllmLength = 4096;  ///< longest sequence its published run reserves for

const char* const kMethod =
    "The same requests in the same memory, where every sequence reserves room for the longest possible one "
    "in "
    "one piece (contiguous) and where it takes blocks as it grows (paged), one by one and as many at once as "
    "fit. The engines share the weights; each has a pool of the given slots, less what is no whole piece or "
    "block. Slots are counted after every step, held against the plan of the scheduler and the block manager "
    "made without a device, and quoted from the step in which most are used. The timeline is that of one "
    "more "
    "run of each arm before the timed ones, watched by a thread of its own.";

struct ArmPlan {
  const char* name;
  bool contiguous;
  bool batched;
};
constexpr std::array<ArmPlan, 4> kArms{{{"contiguous_single", true, false},
                                        {"contiguous_batched", true, true},
                                        {"paged_single", false, false},
                                        {"paged_batched", false, true}}};

/// What all arms of a point share, and what they were found to do.
struct Study {
  EngineOptions options;  ///< max_model_len is set
  std::int64_t given_slots = 0;
  std::shared_ptr<const Workload> workload;
  double monitor_interval = 0.0;
  std::vector<const Engine*> engines;  ///< of the arms, once there are any

  EngineOptions of(const ArmPlan& arm) const {
    EngineOptions own = options;
    own.kv_memory = arm.contiguous ? "contiguous" : "paged";
    const std::int64_t piece = arm.contiguous ? blocks_for(options.max_model_len, options.block_size) : 1;
    own.num_kv_blocks = given_slots / options.block_size / piece * piece;
    if (!arm.batched) own.max_num_seqs = 1;
    return own;
  }
};

std::int64_t longest(const Workload& workload) {
  std::int64_t most = 1;
  for (const Request& request : workload.requests)
    most = std::max(most, static_cast<std::int64_t>(request.prompt.size()) + request.max_new_tokens);
  return most;
}

/// What a server reserves that does not know what comes: as the published run of nano-vllm, else twice the
/// longest request.
std::int64_t reserved_length(const LaunchOptions& options, const Workload& workload) {
  if (options.engine.max_model_len > 0) return options.engine.max_model_len;
  if (workload.name == "nano-vllm")
    return std::max(kNanoVllmLength / options.workload.length_divisor, longest(workload));
  return 2 * longest(workload);
}

std::vector<Arm> make_arms(ModelSession& session, Study& study) {
  std::vector<Arm> arms;
  for (const ArmPlan& plan : kArms) {
    Engine& engine =
        arms.empty() ? session.engine() : session.sibling(study.of(plan), study.workload->requests);
    arms.push_back({plan.name, &engine});
    study.engines.push_back(&engine);
  }
  return arms;
}

/// One run of each arm under the eyes of a thread; rank 0's view is kept.
void watch_arms(Launch& launch, RankGroup& group, std::span<const Arm> arms, const Study& study,
                Point& point) {
  for (const Arm& arm : arms) {
    arm.set_up();
    arm.engine->flush_prefix_cache();
    group.comm().barrier();
    MemoryWatch watch(group.backend(), study.monitor_interval, [&engine = *arm.engine] {
      return KvFill{engine.kv_use().blocks.load(), engine.kv_use().slots.load()};
    });
    arm.engine->run(study.workload->requests);
    const auto taken = watch.stop();
    if (!launch.root()) continue;
    for (Samples& series : monitor_samples(taken, arm.name)) point.samples.push_back(std::move(series));
  }
}

double seconds_of_a_request(const RunResult& result) {
  double sum = 0.0;
  for (const RequestResult& request : result.requests)
    sum += request.token_times_s.back() - request.prefill_start_s;
  return sum / static_cast<double>(result.requests.size());
}

/// Counts of one arm's last run beside its plan.
class SlotAccount {
 public:
  SlotAccount(const PointFacts& facts, const Engine& engine, const ModelConfig& config,
              std::span<const Request> requests)
      : facts_(facts),
        sizes_(engine.sizes()),
        planned_(plan_run(config, engine.options(), sizes_, requests).steps),
        fullest_(std::ranges::max_element(steps(), {}, &StepRecord::kv_slots_used) - steps().begin()) {}

  void add_figures(Point& point, bool batched) const {
    const StepRecord& step = steps()[static_cast<std::size_t>(fullest_)];
    const std::int64_t reserved = reserved_after(step);
    const auto add = [&](const std::string& name, const std::string& unit, double value,
                         const std::string& how) {
      point.results.push_back(single_metric(name_of_arm(name, facts_.arm), unit, value, how));
    };
    const std::string slots = std::to_string(sizes_.block_size) + " slots each";
    add("slots_reserved", "1", static_cast<double>(reserved),
        std::to_string(step.kv_blocks_used) + " pieces of memory in use x " + slots +
            ", after the step in which most slots hold a token");
    add("slots_used", "1", static_cast<double>(step.kv_slots_used), "tokens stored after that step");
    add("slots_wasted", "1", static_cast<double>(reserved - step.kv_slots_used),
        std::to_string(reserved) + " reserved - " + std::to_string(step.kv_slots_used) + " used");
    const double used = static_cast<double>(step.kv_slots_used) / static_cast<double>(reserved);
    add("utilisation", "1", used,
        std::to_string(step.kv_slots_used) + " used / " + std::to_string(reserved) + " reserved");
    add("fragmentation", "1", 1.0 - used,
        "1 - " + std::to_string(step.kv_slots_used) + " / " + std::to_string(reserved) +
            " of the reserved slots");
    const std::int64_t pool = sizes_.num_kv_blocks * sizes_.block_size;
    add("pool_slots", "1", static_cast<double>(pool), std::to_string(sizes_.num_kv_blocks) + " x " + slots);
    add("pool_utilisation", "1", static_cast<double>(step.kv_slots_used) / static_cast<double>(pool),
        std::to_string(step.kv_slots_used) + " used / " + std::to_string(pool) + " of the pool");
    if (batched) {
      add("largest_batch", "1", static_cast<double>(largest_batch()),
          "sequences of the largest decode step; the admission arithmetic without a device says " +
              std::to_string(planned_batch()));
    } else {
      point.absent.push_back(
          {name_of_arm("largest_batch", facts_.arm), "this arm takes one sequence at a time"});
    }
  }

  /// Every step used the slots, held the memory and had the sequences that were planned.
  Verdict as_planned() const {
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < std::min(steps().size(), planned_.size()); ++i) {
      const StepRecord& step = steps()[i];
      const PlannedStep& planned = planned_[i];
      if (step.kv_blocks_used != planned.kv_blocks_used || step.kv_slots_used != planned.kv_slots_used ||
          step.prefill_tokens != planned.prefill_tokens || step.decode_tokens != planned.decode_tokens)
        ++wrong;
    }
    const bool passed = wrong == 0 && steps().size() == planned_.size();
    return {"slots equal the planned ones, " + facts_.arm, passed, "",
            std::to_string(steps().size() - wrong) + " of " + std::to_string(steps().size()) +
                " steps have the blocks, the stored and the computed tokens of the plan's " +
                std::to_string(planned_.size()) + " steps; the largest decode step has " +
                std::to_string(largest_batch()) + " sequences, planned " + std::to_string(planned_batch())};
  }

  /// The engine's reserved and used slots, and the wasted ones counted sequence by sequence in the plan.
  Verdict adds_up() const {
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < std::min(steps().size(), planned_.size()); ++i) {
      if (reserved_after(steps()[i]) != steps()[i].kv_slots_used + planned_[i].kv_slots_wasted) ++wrong;
    }
    return {"reserved = used + wasted, " + facts_.arm, wrong == 0 && !planned_.empty(), "",
            "exactly so after " + std::to_string(steps().size() - wrong) + " of " +
                std::to_string(steps().size()) +
                " steps: reserved and used as the engine counted them, wasted summed over the sequences"};
  }

 private:
  const std::vector<StepRecord>& steps() const { return facts_.timed.last.steps; }
  std::int64_t reserved_after(const StepRecord& step) const {
    return step.kv_blocks_used * sizes_.block_size;
  }
  std::int64_t largest_batch() const {
    return std::ranges::max_element(steps(), {}, &StepRecord::decode_tokens)->decode_tokens;
  }
  std::int64_t planned_batch() const {
    return std::ranges::max_element(planned_, {}, &PlannedStep::decode_tokens)->decode_tokens;
  }

  const PointFacts& facts_;
  const EngineSizes& sizes_;
  std::vector<PlannedStep> planned_;
  std::ptrdiff_t fullest_;
};

void add_predictions(Point& point, std::span<const Request> requests, std::int64_t length) {
  const auto add = [&](const std::string& name, std::int64_t block_size) {
    const KvSlots count = kv_slots_at_final_length(requests, block_size);
    point.results.push_back(single_metric(name, "1", count.utilisation(),
                                          std::to_string(count.used) + " stored tokens / " +
                                              std::to_string(count.reserved) +
                                              " slots, every sequence at its final length",
                                          "predicted from the lengths, no interval"));
  };
  add("predicted_utilisation_contiguous_" + std::to_string(length), length);
  if (length % 2 == 0) add("predicted_utilisation_contiguous_" + std::to_string(length / 2), length / 2);
  for (const std::int64_t block_size : kPredictedBlocks)
    add("predicted_utilisation_block_" + std::to_string(block_size), block_size);
}

Comparison comparison_of(const Launch& launch, int degree) {
  auto study = std::make_shared<Study>();
  study->workload = std::make_shared<const Workload>(
      make_workload(launch.options.workload, launch.source.config().vocab_size));
  study->options = launch.options.engine;
  study->options.prefix_cache = false;
  study->options.max_model_len = reserved_length(launch.options, *study->workload);
  const std::int64_t block_size = std::max<std::int64_t>(1, study->options.block_size);
  const std::int64_t piece = blocks_for(study->options.max_model_len, block_size) * block_size;
  const auto sequences = static_cast<std::int64_t>(study->workload->requests.size());
  study->given_slots = launch.options.run.given_slots > 0 ? launch.options.run.given_slots
                                                          : std::max<std::int64_t>(1, sequences / 2) * piece;
  study->monitor_interval = launch.options.run.monitor_interval;
  if (study->of(kArms.front()).num_kv_blocks == 0)
    throw UsageError("--given-slots must hold one sequence of " +
                     std::to_string(study->options.max_model_len) + " slots");
  if (study->monitor_interval < 0.0) throw UsageError("--monitor-interval must be 0 or more seconds");

  Comparison comparison;
  comparison.plan.experiment = "paged-memory";
  comparison.plan.method = kMethod;
  comparison.plan.degree = degree;
  comparison.plan.workload = study->workload;
  comparison.plan.parameters = identity(launch, "paged-memory", *study->workload, degree);
  comparison.plan.parameters.emplace_back("given_slots", study->given_slots);
  comparison.plan.parameters.emplace_back("reserved_length", study->options.max_model_len);
  comparison.engine = study->of(kArms.front());
  comparison.quantities = {{"request_seconds", "s", seconds_of_a_request}};
  comparison.arms = [study](ModelSession& session) { return make_arms(session, *study); };
  comparison.arrivals = [study](Launch& at, RankGroup& group, std::span<const Arm> arms, Point& point) {
    watch_arms(at, group, arms, *study, point);
    return study->workload->requests;  // as planned
  };
  comparison.compare = [study, config = &launch.source.config()](Point& point,
                                                                 std::span<const PointFacts> facts, Engine&) {
    for (std::size_t i = 0; i < facts.size(); ++i) {
      const SlotAccount account(facts[i], *study->engines[i], *config, study->workload->requests);
      point.verdicts.push_back(account.as_planned());
      point.verdicts.push_back(account.adds_up());
      account.add_figures(point, kArms[i].batched);
      add_quantity_figure(point, facts[i], "request_seconds",
                          "mean over requests of (last token known - begin of its prefill)");
    }
    point.results.push_back(ratio_metric("speedup", "1", paired_ratio(facts[1], facts[3], "wall_seconds"),
                                         1.0, 0.0, facts[3],
                                         "wall_seconds contiguous / paged, both batched"));
    add_predictions(point, study->workload->requests, study->options.max_model_len);
  };
  return comparison;
}

void run(Launch& launch) {
  static const std::array<ComparisonColumn, 14> kColumns{
      {{"tp", "", "tp"},
       {"memory", "slots", "given_slots"},
       {"contiguous", "used %", "utilisation_contiguous_batched", 100.0},
       {"paged", "used %", "utilisation_paged_batched", 100.0},
       {"contiguous", "batch", "largest_batch_contiguous_batched"},
       {"paged", "batch", "largest_batch_paged_batched"},
       {"contiguous 1", "s", "wall_seconds_contiguous_single"},
       {"paged 1", "s", "wall_seconds_paged_single"},
       {"contiguous", "s", "wall_seconds_contiguous_batched"},
       {"paged", "s", "wall_seconds_paged_batched"},
       {"contiguous", "s a request", "request_seconds_contiguous_batched"},
       {"paged", "s a request", "request_seconds_paged_batched"},
       {"paged", "x faster", "speedup"},
       {"blocks of 16", "predicted %", "predicted_utilisation_block_16", 100.0}}};
  run_comparisons(
      launch, "paged-memory",
      [&] {
        std::vector<Comparison> comparisons;
        for (const std::int64_t degree : launch.options.run.tp)
          comparisons.push_back(comparison_of(launch, static_cast<int>(degree)));
        return comparisons;
      },
      kColumns);
}

/// The lengths of nano-vllm, whose token ids few models have; of the plan's own sizes the set itself.
void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  if (sizing.profile == "full") {
    options.workload.workload = sizing.vocab_size > kNanoVllmLargestToken ? "nano-vllm" : "random-lengths";
    options.workload.num_sequences = kNanoVllmSequences;
    return;  // random lengths are those of nano-vllm by default
  }
  const bool smoke = sizing.profile == "smoke";
  const std::int64_t divisor = smoke || sizing.cpu ? 16 : 2;
  options.workload.workload = "random-lengths";
  options.workload.min_length = 100 / divisor;
  options.workload.max_length = 1024 / divisor;
  options.workload.num_sequences = smoke ? 12 : sizing.cpu ? 24 : 128;
}

const bool registered = experiment_registry().add(
    "paged-memory", "KV memory in one piece a sequence and in blocks: what is wasted, how many fit",
    Experiment{"paged-memory", "What does paging the KV cache buy?", {"tp"}, run, set_defaults, "3.5"});

}  // namespace
}  // namespace tpscale
