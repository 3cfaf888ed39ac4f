#include "bench/trial/transfer_measurement.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <random>

#include "bench/print/number.h"
#include "bench/store/hash.h"
#include "bench/trial/agreement.h"
#include "bench/trial/figures.h"
#include "bench/trial/kv_pieces.h"
#include "bench/trial/repetition_control.h"
#include "bench/trial/text_score.h"
#include "bench/trial/transfer_figures.h"
#include "bench/trial/verdict_lines.h"
#include "bench/trial/virtual_device.h"
#include "core/error.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

constexpr int kProbesAgain = 4;

using Kind = StageClock::Kind;
using HostMemory = std::shared_ptr<std::byte[]>;

std::string hash_of(const std::byte* bytes, std::size_t size) {
  Hasher hasher;
  hasher.add(std::span(bytes, size));
  return hasher.hex();
}

class TransferMeasurement {
 public:
  TransferMeasurement(Launch& launch, const TransferPlan& plan, RankGroup& group)
      : launch_(launch), plan_(plan), group_(group), bytes_(static_cast<std::size_t>(plan.shape.bytes())) {}

  void run(Point& point) {
    EngineOptions options = launch_.options.engine;
    options.prefix_cache = true;  // what comes back is proved by a prefix that is found again
    session_ = open_session(launch_, group_, options, requests(), point);
    if (!session_ || !enough_memory(point)) return;
    in_concert(launch_.world, [&] { measure(point); });
  }

 private:
  Backend& backend() { return group_.backend(); }
  Engine& engine() { return session_->engine(); }
  const std::vector<Request>& requests() const { return plan_.point.workload->requests; }

  /// Two pools, the staging buffer, and where host memory is the device's the two arenas of the host.
  bool enough_memory(Point& point) {
    try {
      together(group_.comm(), [&] {
        const std::size_t copies = backend().memory_is_host() ? 5 : 3;
        require_memory(launch_.world, backend(), copies * bytes_, group_.comm().size());
      });
    } catch (const OutOfMemoryError& error) {
      point.status = "out_of_memory";
      point.status_reason = error.what();
      return false;
    }
    return true;
  }

  void measure(Point& point) {
    launch_.stages.time("load", Kind::kMeasuring, [&] { prepare(point); });
    launch_.stages.time("verify", Kind::kMeasuring, [&] {
      point.verdicts.push_back(prove_tokens());
      point.verdicts.push_back(prove_bytes());
    });
    repeat(point);
    if (launch_.text)
      launch_.stages.time("verify", Kind::kMeasuring, [&] { text_ = judge_text(engine(), *launch_.text); });
    if (launch_.root()) describe(point);
  }

  void prepare(Point& point) {
    engine().warm_up();
    const auto blocks = static_cast<std::size_t>(plan_.shape.num_blocks);
    const std::size_t most_pieces = 2 * static_cast<std::size_t>(plan_.shape.num_layers) * blocks;
    transfer_ = backend().make_transfer(bytes_, most_pieces);
    std::vector<std::int32_t> order(blocks);
    std::iota(order.begin(), order.end(), 0);
    std::mt19937_64 draw(static_cast<std::uint64_t>(launch_.options.workload.seed));
    std::ranges::shuffle(order, draw);
    hosts_.push_back(backend().host_memory(bytes_));
    if (backend().pins_host_memory()) hosts_.push_back(std::make_shared<std::byte[]>(bytes_));
    for (const KvLayout layout : {KvLayout::kLayerMajor, KvLayout::kBlockMajor}) {
      caches_.push_back(std::make_unique<KvCache>(backend(), plan_.shape, layout));
      pieces_.push_back(plan_.scattered ? pieces_of_blocks(*caches_.back(), order)
                                        : pieces_of_run(*caches_.back(), 0, plan_.shape.num_blocks));
    }
    pieces_.push_back(whole_pool(*caches_.back()));
    backend().stream().synchronize();
    for (std::size_t layout = 0; layout < caches_.size(); ++layout) {
      for (const CopyWay way : kCopyWays) add_arms(point, layout, way);
    }
    arms_.push_back({kCeiling, pieces_.back().list(), CopyWay::kEach, hosts_.front().get()});
  }

  void add_arms(Point& point, std::size_t layout, CopyWay way) {
    for (std::size_t host = 0; host < hosts_.size(); ++host) {
      const bool pinned = backend().pins_host_memory() && host == 0;
      const std::string name = std::string(layout == 0 ? "layer" : "block") + "_" +
                               std::string(to_string(way)) + "_" + (pinned ? "pinned" : "pageable");
      const std::string reason = transfer_->why_not(way);
      if (reason.empty()) {
        arms_.push_back({name, pieces_[layout].list(), way, hosts_[host].get()});
      } else {
        point.absent.push_back({"device_to_host_bandwidth_" + name, reason});
      }
    }
  }

  /// A prompt's cache goes to the host, is wiped and comes back; served again it must be found, and its
  /// tokens be those of the first time.
  Verdict prove_tokens() {
    const KvPieces pool = whole_pool(engine().kv_cache());
    const auto bytes = static_cast<std::size_t>(pool.piece_bytes);
    const auto mover = backend().make_transfer(bytes, pool.offsets.size());
    const HostMemory host = backend().host_memory(bytes);
    engine().flush_prefix_cache();
    const RunResult first = engine().run(requests());
    mover->start(CopyDirection::kToHost, CopyWay::kEach, pool.list(), host.get());
    mover->wait();
    wipe(pool.base, bytes);
    mover->start(CopyDirection::kToDevice, CopyWay::kEach, pool.list(), host.get());
    mover->wait();
    const RunResult again = engine().run(requests());
    const bool same = std::ranges::equal(first.requests, again.requests, {}, &RequestResult::tokens,
                                         &RequestResult::tokens);
    return {"tokens after a round trip", agreed(same && again.prompt_tokens_cached > 0), "L0",
            std::to_string(again.prompt_tokens_cached) + " prompt tokens were read from a cache of " +
                std::to_string(bytes) + " B a rank that had gone to the host and come back, and the " +
                (same ? "tokens are the same" : "tokens differ")};
  }

  /// Every arm's pieces go to the host, are wiped and come back.
  Verdict prove_bytes() {
    std::vector<std::byte> pattern(bytes_);
    std::mt19937_64 draw(1 + static_cast<std::uint64_t>(group_.comm().rank()));
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes_; at += sizeof(std::uint64_t)) {
      const std::uint64_t word = draw();
      std::memcpy(pattern.data() + at, &word, sizeof word);
    }
    const std::string expected = hash_of(pattern.data(), bytes_);
    std::vector<std::byte> back(bytes_);
    std::string failed;
    for (const TransferArm& arm : arms_) {
      backend().upload(arm.pieces.base, pattern.data(), bytes_);
      backend().stream().synchronize();
      transfer_->start(CopyDirection::kToHost, arm.way, arm.pieces, arm.host);
      transfer_->wait();
      if (launch_.options.run.inject_bug == "transfer") arm.host[bytes_ / 2] ^= std::byte{1};
      wipe(arm.pieces.base, bytes_);
      transfer_->start(CopyDirection::kToDevice, arm.way, arm.pieces, arm.host);
      transfer_->wait();
      backend().download(back.data(), arm.pieces.base, bytes_);
      if (hash_of(back.data(), bytes_) != expected) failed += " " + arm.name;
    }
    const bool passed = agreed(failed.empty());
    return {
        "bytes came back", passed, "",
        passed ? "the " + std::to_string(bytes_) + " B of every arm have the XXH64 " + expected +
                     " after the device's memory was wiped between the two copies"
               : "other bytes came back on some rank; on this one by:" + (failed.empty() ? " none" : failed)};
  }

  void wipe(std::byte* device, std::size_t bytes) {
    const std::vector<std::byte> nothing(bytes);
    backend().upload(device, nothing.data(), bytes);
    backend().stream().synchronize();
  }

  /// On every rank.
  bool agreed(bool mine) {
    const std::array value{mine ? 1.0 : 0.0};
    return std::ranges::all_of(gather(group_.comm(), value), [](const auto& rank) { return rank[0] > 0.0; });
  }

  void repeat(Point& point) {
    RepetitionControl control(launch_);
    RunDelayGauge gauge(group_.oversubscribed());
    const TransferSetting setting{backend(),
                                  group_.comm(),
                                  *transfer_,
                                  gauge,
                                  engine(),
                                  requests(),
                                  [&](double seconds) { return control.after(seconds); },
                                  launch_.options.run.inject_bug,
                                  static_cast<std::uint64_t>(launch_.options.workload.seed)};
    launch_.stages.time("timed", Kind::kMeasuring, [&] { result_ = run_transfer_trial(setting, arms_); });
    if (result_.interrupted) throw_interrupted();
    for (int again = 0; again < kProbesAgain && !judge_transfers(result_, arms_).passed; ++again)
      probe_ceiling_again(setting, arms_.back(), result_);
    control.describe(point);
    point.verdicts.push_back({"tokens beside copies", agreed(result_.same_tokens), "L0",
                              result_.same_tokens ? "every decode beside copies gave the tokens of the first"
                                                  : "a decode beside copies gave other tokens"});
  }

  void describe(Point& point) {
    if (backend().memory_is_host()) point.marks.emplace_back(kBetweenHostArenas);
    if (!backend().pins_host_memory()) {
      for (const char* name : {"device_to_host_bandwidth_pinned", "host_to_device_bandwidth_pinned"})
        point.absent.push_back({name, "this device knows no pinned memory of the host"});
    }
    point.samples = result_.samples;
    point.samples.insert(point.samples.end(), result_.again.begin(), result_.again.end());
    add_transfer_figures(point, result_, arms_, plan_.point.degree, group_.oversubscribed());
    if (text_) add_text_figures(point, *text_);
    if (is_virtual(backend())) {
      point.verdicts.push_back({"plausible", true, "", "no rate to judge: the device is virtual"});
    } else {
      point.verdicts.push_back(judge_transfers(result_, arms_));
    }
    if (!all_passed(std::span(&point, 1))) withdraw_figures(point);
  }

  Launch& launch_;
  const TransferPlan& plan_;
  RankGroup& group_;
  std::size_t bytes_;  ///< of the moved cache
  std::unique_ptr<ModelSession> session_;
  std::unique_ptr<Transfer> transfer_;
  std::vector<std::unique_ptr<KvCache>> caches_;  ///< layer by layer, block by block
  std::vector<HostMemory> hosts_;                 ///< pinned first, where there is such
  std::vector<KvPieces> pieces_;                  ///< by layout; the last: the whole pool
  std::vector<TransferArm> arms_;
  TransferTrialResult result_;
  std::optional<TextScore> text_;
};

}  // namespace

KvShape moved_shape(const Launch& launch, int degree) {
  if (launch.options.run.transfer_cache == "7b") {
    if (32 % degree != 0)
      throw UsageError("the 32 heads of --transfer-cache 7b are not shared by --tp " +
                       std::to_string(degree));
    return {.num_layers = 32, .num_kv_heads = 32 / degree, .head_dim = 128, .dtype = Dtype::kBF16};
  }
  const ModelConfig& config = launch.source.config();
  return {.num_layers = config.num_layers,
          .num_kv_heads = plan_shard(config, degree, 0).num_kv_heads,
          .head_dim = config.head_dim,
          .dtype = compute_dtype(config, launch.options.engine)};
}

void measure_transfers(Launch& launch, const TransferPlan& plan, RankGroup& group, Point& point) {
  TransferMeasurement(launch, plan, group).run(point);
}

}  // namespace tpscale
