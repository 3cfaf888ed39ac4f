#pragma once
#include <array>
#include <chrono>
#include <cstddef>

#include "core/stream.h"

namespace tpscale {

/// What the device time of a step is spent on.
enum class StepPart : unsigned char { kGemm, kAttention, kOther, kCollective };
inline constexpr std::size_t kStepParts = 4;
using PartSeconds = std::array<double, kStepParts>;  ///< indexed by StepPart

/// Adds up the seconds of calls by part. Waits for the stream after each call: a device that works behind the
/// host's back would otherwise show the time of enqueueing. That disturbs the step, so what it gives is
/// marked `instrumented`.
class StepTimer {
 public:
  explicit StepTimer(Stream& stream) : stream_(stream) {}

  template <class Function>
  void measure(StepPart part, Function&& function) {
    const auto start = std::chrono::steady_clock::now();
    function();
    stream_.synchronize();
    seconds_[static_cast<std::size_t>(part)] +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  /// The seconds since the last take().
  PartSeconds take() noexcept {
    const PartSeconds taken = seconds_;
    seconds_ = {};
    return taken;
  }

 private:
  Stream& stream_;
  PartSeconds seconds_{};
};

}  // namespace tpscale
