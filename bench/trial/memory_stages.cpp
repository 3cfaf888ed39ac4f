#include "bench/trial/memory_stages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "bench/print/number.h"
#include "bench/trial/agreement.h"
#include "bench/trial/comparison.h"
#include "bench/trial/model_session.h"
#include "core/error.h"
#include "kv/kv_cache.h"
#include "model/weights.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

constexpr std::array<const char*, 3> kStages = {"memory_before_model", "memory_after_weights",
                                                "memory_after_kv_cache"};
constexpr std::array<const char*, 3> kPredicted = {"memory_weights", "memory_kv_cache", "memory_activations"};
constexpr double kPeakExcess = 1.01;

/// On this rank: by the suite's allocator, and the device's view.
std::vector<double> bytes_now(Backend& backend) {
  backend.stream().synchronize();
  return {static_cast<double>(backend.memory().use().total),
          static_cast<double>(backend.device_memory().used_bytes)};
}

const std::vector<double>& row_of(const PointFacts& facts, const std::string& name) {
  return samples_named(facts.memory, name).rows.front();
}

double largest(const PointFacts& facts, const std::string& name) {
  return std::ranges::max(row_of(facts, name));
}

bool has_stages(const PointFacts& facts) {
  return std::ranges::any_of(facts.memory, [](const Samples& one) { return one.name == kStages.front(); });
}

/// "on rank 1 12 B instead of 16 B", empty where all are as predicted.
std::string difference(const PointFacts& facts, const std::string& what,
                       const std::function<double(std::size_t)>& measured, const std::string& predicted) {
  const std::vector<double>& wanted = row_of(facts, predicted);
  for (std::size_t rank = 0; rank < wanted.size(); ++rank) {
    if (measured(rank) == wanted[rank]) continue;
    return what + " took " + fixed_number(measured(rank), 0) + " B on rank " + std::to_string(rank) +
           " instead of " + fixed_number(wanted[rank], 0) + " B; ";
  }
  return "";
}

/// Loads the weights and makes the pool; three rows of bytes_now.
std::vector<std::vector<double>> bytes_by_stage(RankGroup& group, const ModelSource& source,
                                                const ModelShard& shard, const EngineSizes& sizes,
                                                Dtype dtype) {
  Backend& backend = group.backend();
  std::vector<std::vector<double>> stages{bytes_now(backend)};
  const ModelWeights weights = load_weights(backend, source, shard, dtype);
  stages.push_back(bytes_now(backend));
  const KvCache cache(backend,
                      {.num_layers = source.config().num_layers,
                       .num_kv_heads = shard.num_kv_heads,
                       .head_dim = source.config().head_dim,
                       .num_blocks = sizes.num_kv_blocks,
                       .block_size = sizes.block_size,
                       .dtype = dtype},
                      KvLayout::kLayerMajor);
  stages.push_back(bytes_now(backend));
  return stages;
}

}  // namespace

std::vector<Samples> measure_memory_stages(Launch& launch, RankGroup& group,
                                           std::span<const Request> requests) {
  Communicator& comm = group.comm();
  std::vector<std::vector<double>> stages;
  try {
    together(comm, [&] {
      const ModelConfig& config = launch.source.config();
      EngineOptions options = launch.options.engine;
      const Dtype dtype = compute_dtype(config, options, launch.setup.backend);
      options.dtype = to_string(dtype);
      const ModelShard shard = plan_shard(config, comm.size(), comm.rank());
      const EngineSizes sizes = plan_sizes(config, shard, options, requests);
      require_memory(launch.world, group.backend(),
                     static_cast<std::size_t>(sizes.weight_bytes + sizes.kv_bytes), comm.size());
      stages = bytes_by_stage(group, launch.source, shard, sizes, dtype);
    });
  } catch (const OutOfMemoryError&) {
    return {};
  }
  std::vector<Samples> samples;
  for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
    const auto all = gather(comm, stages[stage]);
    for (std::size_t view = 0; view < 2; ++view) {
      Samples& one = samples.emplace_back(rank_samples(
          std::string(kStages[stage]) + (view == 1 ? "_view" : ""), "B", "none", "memory", comm.size()));
      auto& row = one.rows.emplace_back();
      for (const auto& rank : all) row.push_back(rank[view]);
    }
  }
  return samples;
}

Verdict judge_memory_sizes(const PointFacts& facts) {
  std::string wrong;
  const auto in_engine = [&](const std::string& name, const std::string& what) {
    const std::vector<double>& bytes = row_of(facts, name);
    wrong += difference(
        facts, what, [&](std::size_t rank) { return bytes[rank]; }, name + "_predicted");
  };
  in_engine("memory_weights", "the engine's weights");
  in_engine("memory_kv_cache", "the engine's KV pool");
  if (has_stages(facts)) {
    const std::array stages{&row_of(facts, kStages[0]), &row_of(facts, kStages[1]),
                            &row_of(facts, kStages[2])};
    const auto added = [&](std::size_t stage) {
      return
          [stages, stage](std::size_t rank) { return (*stages[stage])[rank] - (*stages[stage - 1])[rank]; };
    };
    wrong += difference(facts, "loading the weights alone", added(1), "memory_weights_predicted");
    wrong += difference(facts, "making the KV pool alone", added(2), "memory_kv_cache_predicted");
  }
  const bool passed = wrong.empty();
  if (!passed) wrong.resize(wrong.size() - 2);
  return {"weights and KV pool have their predicted sizes", passed, "",
          passed ? "to the byte on " + std::to_string(facts.degree) + " ranks, in the engine and made alone"
                 : wrong};
}

Verdict judge_memory_peak(const PointFacts& facts) {
  Verdict verdict{"peak memory is plausible", true, "", ""};
  for (std::size_t rank = 0; rank < row_of(facts, "memory_peak").size(); ++rank) {
    const double peak = row_of(facts, "memory_peak")[rank];
    double held = row_of(facts, "memory_other")[rank];
    double predicted = held;
    for (const std::string name : kPredicted) {
      held += row_of(facts, name)[rank];
      predicted += row_of(facts, name + "_predicted")[rank];
    }
    const bool plausible = peak > 0.0 && peak >= held && peak <= kPeakExcess * predicted;
    if (!verdict.sentence.empty() && plausible) continue;
    verdict.passed = verdict.passed && plausible;
    verdict.sentence = "rank " + std::to_string(rank) + ": peak " + fixed_number(peak, 0) + " B, held " +
                       fixed_number(held, 0) + " B, predicted with what is other " +
                       fixed_number(predicted, 0) + " B (up to 1 % above is allowed)";
  }
  return verdict;
}

void add_memory_stage_figures(Point& point, const PointFacts& facts) {
  const std::string over = " on the rank that has most, of " + std::to_string(facts.degree);
  if (has_stages(facts)) {
    for (const std::string stage : kStages) {
      for (const std::string view : {"", "_view"}) {
        const double bytes = largest(facts, stage + view);
        point.results.push_back(
            single_metric(stage + view, "B", bytes,
                          (view.empty() ? "held by the suite's own allocator"
                                        : "the device's own view (resident set on a CPU)") +
                              over,
                          "one reading, no interval"));
      }
    }
  } else {
    for (const char* stage : kStages)
      point.absent.push_back({stage, "the parts did not fit beside what was held"});
  }
  for (const std::string name : kPredicted) {
    const double measured = largest(facts, name);
    const double predicted = largest(facts, name + "_predicted");
    point.results.push_back(single_metric(
        name + "_predicted", "B", predicted,
        "worked out from the model's shape, the options and the workload" + over, "worked out, no interval"));
    if (predicted > 0.0) {
      point.results.push_back(single_metric(
          name + "_difference", "%", (measured / predicted - 1.0) * 100.0,
          "(" + fixed_number(measured, 0) + " / " + fixed_number(predicted, 0) + " - 1) x 100" + over,
          "worked out, no interval"));
    }
  }
}

}  // namespace tpscale
