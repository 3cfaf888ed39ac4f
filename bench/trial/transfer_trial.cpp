#include "bench/trial/transfer_trial.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <numeric>
#include <random>
#include <thread>

#include "bench/timing/phase_breakdown.h"
#include "bench/trial/agreement.h"

namespace tpscale {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kCopiesAgain = 10;
constexpr std::array kMoved{"device_to_host_seconds", "host_to_device_seconds", "wall_seconds"};
constexpr std::array kDecoding{"decode_seconds", "device_to_host_decoding_seconds",
                               "host_to_device_decoding_seconds"};
const char* const kAlone = "alone";

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::array<double, 3> round_trip(Transfer& transfer, const TransferArm& arm) {
  const auto begin = Clock::now();
  transfer.start(CopyDirection::kToHost, arm.way, arm.pieces, arm.host);
  transfer.wait();
  const double there = seconds_since(begin);
  transfer.start(CopyDirection::kToDevice, arm.way, arm.pieces, arm.host);
  transfer.wait();
  const double all = seconds_since(begin);
  return {there, all - there, all};
}

/// Makes round trips on a thread of its own until it is stopped; one at least.
class Copier {
 public:
  Copier(Transfer& transfer, const TransferArm& arm)
      : thread_([this, &transfer, &arm] {
          try {
            do {
              const auto seconds = round_trip(transfer, arm);
              for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += seconds[i];
              ++trips_;
            } while (!stop_);
          } catch (...) {
            error_ = std::current_exception();
          }
        }) {}
  ~Copier() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Copier(const Copier&) = delete;
  Copier& operator=(const Copier&) = delete;

  /// Mean seconds of a copy each way.
  std::array<double, 2> stop() {
    stop_ = true;
    thread_.join();
    if (error_) std::rethrow_exception(error_);
    return {sums_[0] / trips_, sums_[1] / trips_};
  }

 private:
  std::atomic<bool> stop_ = false;
  std::array<double, 3> sums_{};
  double trips_ = 0.0;
  std::exception_ptr error_;
  std::thread thread_;  // last: it uses the others
};

class Trial {
 public:
  Trial(const TransferSetting& setting, std::span<const TransferArm> arms) : setting_(setting), arms_(arms) {
    for (const TransferArm& arm : arms) {
      for (const char* name : kMoved) add_series(name, arm.name);
      for (const char* name : kDecoding) add_series(name, arm.name);
    }
    add_series(kDecoding[0], kAlone);
    order_.resize(arms.size() + 1);  // the last stands for the decode alone
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  TransferTrialResult run() {
    std::mt19937_64 draw(setting_.seed);  // the same on every rank
    auto next = Next::kRepeat;
    for (bool warm_up = true; next == Next::kRepeat; warm_up = false) {
      const auto begin = Clock::now();
      for (const std::size_t arm : order_) repeat(arm);
      const double seconds = seconds_since(begin);
      const Next answer =
          setting_.group.rank() == 0 ? setting_.decide(warm_up ? -seconds : seconds) : Next::kRepeat;
      next = static_cast<Next>(told_by_root(setting_.group, static_cast<std::int64_t>(answer)));
      std::ranges::shuffle(order_, draw);
    }
    result_.interrupted = next == Next::kInterrupted;
    return std::move(result_);
  }

 private:
  void add_series(const std::string& name, const std::string& arm) {
    result_.samples.push_back(
        rank_samples(name_of_arm(name, arm), "s", "steady_clock", "timed", setting_.group.size()));
    result_.samples.back().warm_ups = 1;
  }

  void repeat(std::size_t number) {
    const std::size_t series = number * (kMoved.size() + kDecoding.size());
    if (number == arms_.size()) {
      setting_.gauge.start();
      return add_row(series, {decode()});
    }
    const TransferArm& arm = arms_[number];
    setting_.group.barrier();
    setting_.backend.stream().synchronize();
    setting_.gauge.start();
    auto moved = round_trip(setting_.transfer, arm);
    if (setting_.inject_bug == "clock" && arm.name != kCeiling)
      std::ranges::for_each(moved, [](double& value) { value /= 1000; });
    add_row(series, moved);

    setting_.gauge.start();
    Copier copier(setting_.transfer, arm);
    const double decoded = decode();
    const auto copied = copier.stop();
    add_row(series + kMoved.size(), std::array{decoded, copied[0], copied[1]});
  }

  /// Seconds of the decode steps.
  double decode() {
    setting_.engine.flush_prefix_cache();
    setting_.group.barrier();
    const RunResult result = setting_.engine.run(setting_.requests);
    std::vector<std::vector<std::int32_t>> tokens;
    for (const RequestResult& request : result.requests) tokens.push_back(request.tokens);
    if (tokens_.empty()) tokens_ = tokens;
    result_.same_tokens = result_.same_tokens && tokens == tokens_;
    return run_seconds(result).decode;
  }

  void add_row(std::size_t first, std::span<const double> mine) {
    const auto all = gather(setting_.group, mine);
    const std::array waited{setting_.gauge.share().value_or(0.0)};
    double most_waited = 0.0;
    for (const auto& rank : gather(setting_.group, waited)) most_waited = std::max(most_waited, rank[0]);
    for (std::size_t i = 0; i < mine.size(); ++i) {
      Samples& series = result_.samples[first + i];
      series.marks.push_back(RunDelayGauge::mark(most_waited));
      auto& row = series.rows.emplace_back();
      for (const auto& rank : all) row.push_back(rank[i]);
    }
  }
  void add_row(std::size_t first, std::initializer_list<double> mine) {
    add_row(first, std::span(mine.begin(), mine.size()));
  }

  const TransferSetting& setting_;
  std::span<const TransferArm> arms_;
  std::vector<std::size_t> order_;
  std::vector<std::vector<std::int32_t>> tokens_;  ///< of the first decode
  TransferTrialResult result_;
};

}  // namespace

TransferTrialResult run_transfer_trial(const TransferSetting& setting, std::span<const TransferArm> arms) {
  return Trial(setting, arms).run();
}

void probe_ceiling_again(const TransferSetting& setting, const TransferArm& ceiling,
                         TransferTrialResult& result) {
  if (result.again.empty()) {
    for (std::size_t i = 0; i < 2; ++i) {
      result.again.push_back(rank_samples(name_of_arm(kMoved[i], ceiling.name), "s", "steady_clock",
                                          "isolated", setting.group.size()));
    }
  }
  for (int copy = 0; copy < kCopiesAgain; ++copy) {
    setting.group.barrier();
    const auto all = gather(setting.group, round_trip(setting.transfer, ceiling));
    for (std::size_t i = 0; i < result.again.size(); ++i) {
      auto& row = result.again[i].rows.emplace_back();
      for (const auto& rank : all) row.push_back(rank[i]);
    }
  }
}

}  // namespace tpscale
