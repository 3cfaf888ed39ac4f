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
constexpr double kPeakExcess = 1.15;  // a run allocates little beside what it holds at its end

constexpr std::int64_t kRoundedRows = 64;  // a backend may hold a linear layer's rows in panels of so many

constexpr std::array<const char*, 3> kReadings = {"", "_other", "_view"};

/// On this rank: by the suite's allocator, what of it is no part of a model, and the device's view.
std::vector<double> bytes_now(Backend& backend) {
  backend.stream().synchronize();
  const MemoryUse use = backend.memory().use();
  const std::size_t parts = use.by_kind[static_cast<std::size_t>(MemoryKind::kWeights)] +
                            use.by_kind[static_cast<std::size_t>(MemoryKind::kKvCache)];
  return {static_cast<double>(use.total), static_cast<double>(use.total - parts),
          static_cast<double>(backend.device_memory().used_bytes)};
}

const std::vector<double>& row_of(const PointFacts& facts, const std::string& name) {
  return samples_named(facts.memory, name).rows.front();
}

double largest(const PointFacts& facts, const std::string& name) {
  return std::ranges::max(row_of(facts, name));
}

/// Most that rows rounded up to whole panels add to the weights of this rank.
double rounding_bytes(const ModelConfig& config, const ModelShard& shard, Dtype dtype) {
  const std::int64_t q = shard.num_heads * config.head_dim;
  const std::int64_t layer = config.hidden_size + q + config.hidden_size + shard.intermediate_size;
  const std::int64_t row_of_each =
      config.num_layers * layer + 3 * config.hidden_size;  // embedding, head and learned positions
  return static_cast<double>((kRoundedRows - 1) * row_of_each) * static_cast<double>(size_of(dtype));
}

/// "the KV pool took 12 B on rank 1 instead of 16 B; ", empty where all are as predicted or, by rounding, up
/// to `more` above.
std::string difference(const PointFacts& facts, const std::string& what,
                       const std::function<double(std::size_t)>& measured, const std::string& predicted,
                       const std::function<double(std::size_t)>& more) {
  const std::vector<double>& wanted = row_of(facts, predicted);
  for (std::size_t rank = 0; rank < wanted.size(); ++rank) {
    const double excess = measured(rank) - wanted[rank];
    if (excess >= 0.0 && excess <= more(rank)) continue;
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
  double rounding = 0.0;
  try {
    together(comm, [&] {
      const ModelConfig& config = launch.source.config();
      EngineOptions options = launch.options.engine;
      const Dtype dtype = compute_dtype(config, options);
      options.dtype = to_string(dtype);
      const ModelShard shard = plan_shard(config, comm.size(), comm.rank());
      const EngineSizes sizes = plan_sizes(config, shard, options, requests);
      rounding = rounding_bytes(config, shard, dtype);
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
    for (std::size_t reading = 0; reading < kReadings.size(); ++reading) {
      Samples& one = samples.emplace_back(
          rank_samples(std::string(kStages[stage]) + kReadings[reading], "B", "none", "memory", comm.size()));
      auto& row = one.rows.emplace_back();
      for (const auto& rank : all) row.push_back(rank[reading]);
    }
  }
  Samples& rounded =
      samples.emplace_back(rank_samples("memory_weights_rounding", "B", "none", "memory", comm.size()));
  rounded.rows.emplace_back();
  for (const auto& rank : gather(comm, std::span(&rounding, 1))) rounded.rows[0].push_back(rank[0]);
  return samples;
}

Verdict judge_memory_sizes(const PointFacts& facts) {
  const auto part = [&](std::size_t stage, std::size_t rank) {
    const std::string name = kStages.at(stage);
    return row_of(facts, name)[rank] - row_of(facts, name + "_other")[rank];
  };
  const auto added = [&](std::size_t stage) {
    return [&, stage](std::size_t rank) { return part(stage, rank) - part(stage - 1, rank); };
  };
  const auto held = [&](const std::string& name) {
    return [row = row_of(facts, name)](std::size_t rank) { return row[rank]; };
  };
  const auto rounding = held("memory_weights_rounding");
  const auto exact = [](std::size_t) { return 0.0; };
  const std::string weights = "memory_weights_predicted", pool = "memory_kv_cache_predicted";
  std::string wrong = difference(facts, "the engine's weights", held("memory_weights"), weights, rounding) +
                      difference(facts, "the engine's KV pool", held("memory_kv_cache"), pool, exact) +
                      difference(facts, "loading the weights alone", added(1), weights, rounding) +
                      difference(facts, "making the KV pool alone", added(2), pool, exact);
  const bool passed = wrong.empty();
  if (passed) {
    const double above = largest(facts, "memory_weights") - largest(facts, weights);
    wrong = "on " + std::to_string(facts.degree) +
            " ranks, in the engine and made alone: the KV pool to the byte, " +
            (above == 0.0 ? "the weights too"
                          : "the weights " + fixed_number(above, 0) +
                                " B above, as rows of linear layers are rounded up to panels (at most " +
                                fixed_number(largest(facts, "memory_weights_rounding"), 0) + " B)");
  } else {
    wrong.resize(wrong.size() - 2);
  }
  return {"weights and KV pool have their predicted sizes", passed, "", wrong};
}

Verdict judge_memory_peak(const PointFacts& facts) {
  Verdict verdict{"peak memory is plausible", true, "", ""};
  for (std::size_t rank = 0; rank < row_of(facts, "memory_peak").size(); ++rank) {
    const double peak = row_of(facts, "memory_peak")[rank];
    double held = row_of(facts, "memory_other")[rank];
    for (const std::string name : kPredicted) held += row_of(facts, name)[rank];
    const bool plausible = peak > 0.0 && peak >= held && peak <= kPeakExcess * held;
    if (!verdict.sentence.empty() && plausible) continue;
    verdict.passed = verdict.passed && plausible;
    verdict.sentence = "rank " + std::to_string(rank) + ": peak " + fixed_number(peak, 0) +
                       " B; held when it was read " + fixed_number(held, 0) +
                       " B (a peak from that to 1.15 times it is allowed)";
  }
  return verdict;
}

void add_memory_stage_figures(Point& point, const PointFacts& facts) {
  const std::string over = " on the rank that has most, of " + std::to_string(facts.degree);
  for (const std::string stage : kStages) {
    point.results.push_back(single_metric(stage, "B", largest(facts, stage),
                                          "held by the suite's own allocator" + over,
                                          "one reading, no interval"));
    point.results.push_back(single_metric(stage + "_view", "B", largest(facts, stage + "_view"),
                                          "the device's own view (resident set on a CPU)" + over,
                                          "one reading, no interval"));
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
