#include <algorithm>
#include <array>
#include <memory>
#include <sstream>

#include "bench/cli/option_table.h"
#include "bench/experiment.h"
#include "bench/print/table.h"
#include "bench/trial/comparison.h"
#include "bench/trial/compressed_serve.h"
#include "bench/trial/compression_quality.h"
#include "bench/trial/compression_texts.h"
#include "bench/trial/identity.h"
#include "bench/trial/verdict_lines.h"

namespace tpscale {
namespace {

const char* const kMethod =
    "Each method serves the same request on a KV pool of its own, made before the clock starts: the prompt "
    "in one "
    "uncut forward pass (TTFT ends when its token is known), cut afterwards, then a token a pass, each "
    "followed by "
    "the cut. A repetition serves the request with every method, in an order drawn anew. Quality, cache "
    "sizes and "
    "memory are of other passes, outside the clock: every text from its first token, one token a forward "
    "pass, as a "
    "decoding model sees it.";

/// What the points of one degree share: made once, on every rank alike.
struct Study {
  std::vector<EvictionPolicy> methods;
  CompressionTexts texts;
  std::int64_t new_tokens = 0;
  std::int64_t block_size = 16;

  CompressedLength serving() const {
    const auto prompt = static_cast<std::int64_t>(texts.prompt.size());
    return {prompt, prompt + new_tokens - 1, block_size};
  }
  CompressedLength judging() const {
    return {1, static_cast<std::int64_t>(texts.samples.front().size()) - 1, block_size};
  }
};

std::shared_ptr<const Study> make_study(const Launch& launch) {
  const CompressionOptions& options = launch.options.compression;
  Study study{
      parse_methods(options.method,
                    eviction_settings(options, static_cast<std::uint64_t>(launch.options.workload.seed))),
      make_compression_texts(launch), launch.options.workload.output_tokens,
      launch.options.engine.block_size};
  for (const EvictionPolicy& method : study.methods) {
    for (const CompressedLength& length : {study.serving(), study.judging()})
      require_compressible(launch.source.config(), method, length);
  }
  return std::make_shared<const Study>(std::move(study));
}

/// The sequence that is being served: one at a time holds memory.
using Served = std::shared_ptr<std::unique_ptr<CompressedSequence>>;

Arm arm_of(Engine& engine, const EvictionPolicy& method, const CompressedLength& length,
           const Served& served) {
  Arm arm{method.name(), &engine};
  arm.set_up = [&engine, &method, length, served] {
    served->reset();
    *served = engine.compressed(method, length);
  };
  arm.serve = [served](std::span<const Request> requests) {
    return serve_compressed(**served, requests.front());
  };
  return arm;
}

std::vector<Arm> make_arms(ModelSession& session, const ModelConfig& config, const Study& study,
                           const CompressedLength& length, const Served& served) {
  const Dtype dtype = parse_dtype(session.engine().options().dtype);
  std::int64_t most = 0;
  std::vector<Arm> arms;
  for (const EvictionPolicy& method : study.methods) {
    for (const CompressedLength& longest : {length, study.judging()}) {
      most = std::max(most, compressed_kv_bytes(config, session.shard(), dtype, method, longest));
    }
    arms.push_back(arm_of(session.engine(), method, length, served));
  }
  session.require_room(static_cast<std::size_t>(most));
  return arms;
}

std::string joined(std::span<const EvictionPolicy> methods) {
  std::string names;
  for (const EvictionPolicy& method : methods) names += (names.empty() ? "" : ",") + method.name();
  return names;
}

std::vector<std::string> methods_of(const Point& point) {
  std::vector<std::string> methods;
  for (const auto& [name, value] : point.parameters) {
    if (name != "methods") continue;
    std::istringstream names(std::get<std::string>(value));
    for (std::string method; std::getline(names, method, ',');) methods.push_back(method);
  }
  return methods;
}

Comparison comparison_of(const Launch& launch, int degree, const std::shared_ptr<const Study>& study) {
  const ModelConfig& config = launch.source.config();
  Comparison comparison;
  comparison.plan.experiment = "kv-compression";
  comparison.plan.method = kMethod;
  comparison.plan.degree = degree;
  comparison.plan.workload = std::make_shared<const Workload>(
      finish_workload("text", {{study->texts.prompt, study->new_tokens, 0.0}}, config.vocab_size));
  Values& parameters = comparison.plan.parameters;
  parameters = identity(launch, "kv-compression", *comparison.plan.workload, degree);
  parameters.emplace_back("methods", joined(study->methods));
  for (auto& value : to_values(launch.options.compression)) {
    if (value.first != "method") parameters.push_back(std::move(value));
  }
  parameters.emplace_back("num_samples", launch.options.run.num_samples);
  parameters.emplace_back("sample_tokens", launch.options.run.sample_tokens);
  parameters.emplace_back("samples_hash", study->texts.hash);
  comparison.engine = launch.options.engine;
  comparison.session = {{{study->texts.prompt.front()}, 1, 0.0}};
  comparison.different = true;
  comparison.peak_name = "serving_memory_peak";
  const auto served = std::make_shared<std::unique_ptr<CompressedSequence>>();
  comparison.arms = [study, served, &config](ModelSession& session) {
    return make_arms(session, config, *study, study->serving(), served);
  };
  comparison.measure_more = [study, served](Launch& now, RankGroup& group, ModelSession& session,
                                            Point& point) {
    served->reset();
    measure_compression_quality(now, group, session, study->methods, study->texts, point);
  };
  comparison.compare = [study](Point& point, std::span<const PointFacts>, Engine&) {
    for (const EvictionPolicy& method : study->methods) add_quality_figures(point, method, study->texts);
  };
  return comparison;
}

std::string table_of(std::span<const Point> points) {
  struct Shown {
    const char *name, *unit, *metric;
    double scale;
  };
  static constexpr std::array<Shown, 10> kShown{{{"TTFT", "ms", "ttft_mean", 1e3},
                                                 {"TPOT", "ms", "tpot_mean", 1e3},
                                                 {"output", "token/s", "output_throughput", 1.0},
                                                 {"perplexity", "", "perplexity", 1.0},
                                                 {"accuracy", "%", "accuracy", 100.0},
                                                 {"peak memory", "MB", "memory_peak", 1e-6},
                                                 {"KV cache", "MB", "kv_cache_peak", 1e-6},
                                                 {"cached mean", "tokens", "cache_tokens_mean", 1.0},
                                                 {"max", "tokens", "cache_tokens_max", 1.0},
                                                 {"final", "tokens", "cache_tokens_final", 1.0}}};
  std::vector<Table::Column> columns{{"tp", ""}, {"method", "", true}};
  for (const Shown& shown : kShown) columns.push_back({shown.name, shown.unit});
  Table table(columns);
  for (const Point& point : points) {
    for (const std::string& method : methods_of(point)) {
      std::vector<std::string> row{point_cell(point, {"tp", "", "tp"}), method};
      for (const Shown& shown : kShown)
        row.push_back(point_cell(point, {"", "", name_of_arm(shown.metric, method), shown.scale}));
      table.add_row(std::move(row));
    }
  }
  return "kv-compression\n\n" + table.text() + "\n" + verdict_lines(points);
}

void run(Launch& launch) {
  run_comparisons(
      launch, "kv-compression",
      [&] {
        const auto study = make_study(launch);
        std::vector<Comparison> comparisons;
        for (const std::int64_t degree : launch.options.run.tp) {
          require_shardable(launch.source.config(), static_cast<int>(degree));
          comparisons.push_back(comparison_of(launch, static_cast<int>(degree), study));
        }
        return comparisons;
      },
      table_of);
}

void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  options.compression.method = {"baseline", "streaming", "recent_only", "fix_size_l2", "l2_ratio"};
  options.workload.workload = "text";
  options.workload.input_tokens = 512;
  options.workload.output_tokens = 500;
  if (sizing.cpu && sizing.profile != "full") {
    options.workload.output_tokens = 100;
    options.run.num_samples = 2;
  }
  if (sizing.profile != "smoke") return;
  options.compression.method = {"baseline",        "streaming_128",   "streaming_256",   "recent_only_128",
                                "recent_only_256", "fix_size_l2_128", "fix_size_l2_256", "l2_ratio_0.9"};
  options.compression.prune_after = 300;
  options.run.num_samples = 2;
  options.run.sample_tokens = 500;
  options.workload.input_tokens = 300;
  options.workload.output_tokens = 40;
}

const bool registered = experiment_registry().add(
    "kv-compression", "what a KV cache that forgets costs in quality, and what it saves in time and memory",
    Experiment{"kv-compression",
               "What does each way to keep fewer tokens save, and what does it cost?",
               {"method", "tp"},
               run,
               set_defaults,
               "3.4"});

}  // namespace
}  // namespace tpscale
