#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "bench/experiment.h"
#include "bench/print/number.h"
#include "bench/print/table.h"
#include "bench/trial/agreement.h"
#include "bench/trial/dry_run.h"
#include "bench/trial/identity.h"
#include "bench/trial/point_table.h"
#include "bench/trial/transfer_measurement.h"
#include "bench/trial/verdict_lines.h"
#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::array<std::int64_t, 3> kPieces{4 << 10, 64 << 10, 2 << 20};
constexpr std::array<std::int64_t, 6> kPiecesOfPlan{4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 2 << 20};

const char* const kMethod =
    "A KV cache of its own is moved from the device to the host and back: as the blocks of one sequence in "
    "their order (a tensor a layer) and as a list of blocks in a drawn order, with the layers of a block "
    "together and layer by layer, by a call a piece, by one call for all, and gathered into one run by the "
    "device. A copy is timed by the host's steady clock from its call until its last byte is there; all "
    "ranks "
    "copy their shares at once. The ceiling is one copy of the same bytes in one piece, in memory the device "
    "reads by itself. Then a thread of its own repeats each copy while the engine serves the requests. The "
    "order of the arms is drawn anew in every repetition.";

/// Tokens of a block whose keys in one layer take `piece_bytes`; at least one.
std::int64_t block_size_for(const KvShape& shape, std::int64_t piece_bytes) {
  const std::int64_t token =
      shape.num_kv_heads * shape.head_dim * static_cast<std::int64_t>(size_of(shape.dtype));
  return std::max<std::int64_t>(1, piece_bytes / token);
}

void check_options(const RunOptions& run, const Workload& workload, std::int64_t block_size) {
  if (run.transfer_cache != "model" && run.transfer_cache != "7b")
    throw UsageError("--transfer-cache is model or 7b, not '" + run.transfer_cache + "'");
  if (run.transfer_tokens < 1 || run.transfer_tokens > 1 << 24)
    throw UsageError("--transfer-tokens must be between 1 and 16777216");
  for (const std::int64_t bytes : run.piece_bytes) {
    if (bytes < 16 || bytes % 16 != 0 || bytes > 1 << 30)
      throw UsageError("--piece-bytes takes multiples of 16 up to 1 GiB, not " + std::to_string(bytes));
  }
  for (const Request& request : workload.requests) {
    if (static_cast<std::int64_t>(request.prompt.size()) <= block_size || request.max_new_tokens < 2)
      throw UsageError("kv-transfer proves its copies by prompts longer than a KV block of " +
                       std::to_string(block_size) +
                       " tokens and by two new tokens or more; raise --input-tokens or --output-tokens");
  }
}

std::vector<TransferPlan> plan_points(const Launch& launch) {
  const RunOptions& run = launch.options.run;
  const auto workload = std::make_shared<const Workload>(
      make_workload(launch.options.workload, launch.source.config().vocab_size));
  check_options(run, *workload, launch.options.engine.block_size);
  std::vector<std::int64_t> pieces = run.piece_bytes;
  if (pieces.empty()) pieces.assign(kPieces.begin(), kPieces.end());
  std::vector<TransferPlan> plans;
  for (const std::int64_t degree : run.tp) {
    require_shardable(launch.source.config(), static_cast<int>(degree));
    std::vector<std::int64_t> seen;
    for (const std::int64_t bytes : pieces) {
      TransferPlan plan;
      plan.shape = moved_shape(launch, static_cast<int>(degree));
      plan.shape.block_size = block_size_for(plan.shape, bytes);
      if (std::ranges::find(seen, plan.shape.block_size) != seen.end()) continue;
      seen.push_back(plan.shape.block_size);
      plan.shape.num_blocks = (run.transfer_tokens + plan.shape.block_size - 1) / plan.shape.block_size;
      for (const char* selection : {"sequence", "blocks"}) {
        plan.scattered = std::string(selection) == "blocks";
        plan.point.experiment = "kv-transfer";
        plan.point.method = kMethod;
        plan.point.degree = static_cast<int>(degree);
        plan.point.workload = workload;
        plan.point.parameters = identity(launch, "kv-transfer", *workload, plan.point.degree);
        plan.point.parameters.emplace_back(
            "piece_bytes",
            plan.shape.block_elements() * static_cast<std::int64_t>(size_of(plan.shape.dtype)));
        plan.point.parameters.emplace_back("moved_block_size", plan.shape.block_size);
        plan.point.parameters.emplace_back("moved_tokens", run.transfer_tokens);
        plan.point.parameters.emplace_back("moved_cache", run.transfer_cache);
        plan.point.parameters.emplace_back("selection", std::string(selection));
        plans.push_back(plan);
      }
    }
  }
  return plans;
}

std::string parameter(const Point& point, const std::string& name) {
  for (const auto& [known, value] : point.parameters) {
    if (known != name) continue;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
  }
  return "?";
}

std::string marks_of(const Metric& metric) {
  std::string text;
  for (const std::string& mark : metric.marks) text += (text.empty() ? "" : ", ") + mark;
  return text.empty() ? "-" : text;
}

std::string table_of(std::span<const Point> points) {
  const std::vector<PointColumn> quality = quality_columns(points);
  std::vector<Table::Column> heads{{"tp", ""},          {"piece", "KiB"},          {"selection", "", true},
                                   {"arm", "", true},   {"to host", "GB/s"},       {"to device", "GB/s"},
                                   {"of ceiling", "%"}, {"beside decode", "GB/s"}, {"decode", "x seconds"}};
  for (const PointColumn& column : quality) heads.push_back({column.name, column.unit});
  heads.push_back({"marks", "", true});
  Table table(heads);
  const std::string stem = "device_to_host_bandwidth_";
  for (const Point& point : points) {
    const auto cell = [&](const std::string& name, double scale) {
      for (const Metric& metric : point.results) {
        if (metric.name == name) return short_number(metric.value * scale);
      }
      return std::string("-");
    };
    for (const Metric& metric : point.results) {
      if (!metric.name.starts_with(stem)) continue;
      const std::string arm = metric.name.substr(stem.size());
      if (arm.starts_with("rank_") || arm.starts_with("decoding_")) continue;
      std::vector<std::string> cells{parameter(point, "tp"),
                                     short_number(std::stod(parameter(point, "piece_bytes")) / 1024.0),
                                     parameter(point, "selection"),
                                     arm,
                                     short_number(metric.value * 1e-9),
                                     cell("host_to_device_bandwidth_" + arm, 1e-9),
                                     cell("share_of_ceiling_" + arm, 100.0),
                                     cell("device_to_host_bandwidth_decoding_" + arm, 1e-9),
                                     cell("decode_slowdown_" + arm, 1.0)};
      for (const PointColumn& column : quality) cells.push_back(point_cell(point, column));
      cells.push_back(marks_of(metric));
      table.add_row(std::move(cells));
    }
  }
  std::string title = "kv-transfer";
  for (const Point& point : points) {
    if (std::ranges::find(point.marks, kBetweenHostArenas) != point.marks.end()) {
      title += ": " + std::string(kBetweenHostArenas);
      break;
    }
  }
  return title + "\n\n" + table.text() + "\n" + verdict_lines(points);
}

void run(Launch& launch) {
  std::vector<TransferPlan> plans;
  together(launch.world, [&] { plans = plan_points(launch); });
  if (launch.options.run.dry_run) {
    std::vector<PointPlan> points;
    points.reserve(plans.size());
    for (const TransferPlan& plan : plans) points.push_back(plan.point);
    return print_dry_run(launch, points);
  }
  ExperimentReport report;
  report.name = "kv-transfer";
  const std::int64_t units = 1 + launch.options.run.repetitions;
  launch.progress.start(static_cast<std::int64_t>(plans.size()) * units);
  for (const TransferPlan& plan : plans) {
    auto point = publish_point(launch, plan.point, units, [&](RankGroup& group, Point& measured) {
      measure_transfers(launch, plan, group, measured);
    });
    if (point) report.points.push_back(std::move(*point));
  }
  if (launch.root()) {
    report.verdicts_passed = all_passed(report.points);
    report.table = table_of(report.points);
  }
  launch.progress.clear();
  launch.reports.push_back(std::move(report));
}

void set_defaults(LaunchOptions& options, const Sizing& sizing) {
  const bool small = sizing.cpu || sizing.profile == "smoke";
  options.workload.num_sequences = small ? 2 : 32;
  options.workload.input_tokens = small ? 32 : 512;
  options.workload.output_tokens = small ? 12 : 128;
  options.run.transfer_tokens = small ? 2048 : 8192;
  if (sizing.profile == "smoke") options.run.piece_bytes = {4 << 10, 256 << 10};
  if (sizing.profile != "full") return;
  options.run.transfer_cache = "7b";
  options.run.transfer_tokens = 512;
  options.run.piece_bytes.assign(kPiecesOfPlan.begin(), kPiecesOfPlan.end());
}

const bool registered = experiment_registry().add(
    "kv-transfer", "the KV cache to the host and back: how it lies, how it is copied, beside a decode",
    Experiment{"kv-transfer",
               "How fast does a KV cache move to the host and back?",
               {"piece-bytes", "tp"},
               run,
               set_defaults,
               "3.6"});

}  // namespace
}  // namespace tpscale
