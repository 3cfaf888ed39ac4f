#include "parallel/watchdog/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "core/error.h"
#include "parallel/watchdog/heartbeats.h"

namespace tpscale {
namespace {

using Clock = std::chrono::steady_clock;

/// How much longer than a wait a rank may stand still: a wait for it says more.
constexpr double kGraceSeconds = 2;

double seconds_between_looks(double limit) noexcept {
  return std::clamp(limit / 30, 0.01, 1.0);
}

std::uint64_t read(const std::atomic<std::uint64_t>& value) noexcept {
  return value.load(std::memory_order_acquire);
}

/// One line in memory of its own: the heap may be what hangs.
class Line {
 public:
  template <class... Values>
  void add(const char* format, Values... values) noexcept {
    const int written = std::snprintf(text_.data() + length_, text_.size() - length_, format, values...);
    length_ = std::min(text_.size() - 1, length_ + static_cast<std::size_t>(std::max(0, written)));
  }
  void add_operation(Operation operation, std::uint64_t sequence) noexcept {
    const std::string_view name = to_string(operation);
    if (operation == Operation::kNone) {
      add("nothing");
    } else if (operation == Operation::kFinalize) {
      add("finalize");
    } else if (operation == Operation::kDeviceWait) {
      add("device_wait (enqueued last, but for replayed graphs: #%llu)",
          static_cast<unsigned long long>(sequence));
    } else {
      add("%.*s #%llu", static_cast<int>(name.size()), name.data(),
          static_cast<unsigned long long>(sequence));
    }
  }
  void write_out() noexcept {
    text_[std::min(length_, text_.size() - 1)] = '\n';
    [[maybe_unused]] const auto written =
        ::write(STDERR_FILENO, text_.data(), std::min(length_ + 1, text_.size()));
  }

 private:
  std::array<char, 2048> text_{};
  std::size_t length_ = 0;
};

bool is_inside(const Progress& rank) noexcept {
  return read(rank.begun) != read(rank.finished);
}

bool has_arrived(const Progress& other, const Progress& own) noexcept {
  // Replayed graphs have no numbers, but who has enqueued all there is waits for it, too.
  if (own.operation.load(std::memory_order_relaxed) == Operation::kDeviceWait && !is_inside(other))
    return false;
  return other.group.load(std::memory_order_relaxed) == own.group.load(std::memory_order_relaxed) &&
         read(other.begun) > 0 && read(other.sequence) >= read(own.sequence);
}

void describe(Line& line, const Progress& other, int rank) noexcept {
  line.add(" rank %d (", rank);
  const bool inside = is_inside(other);
  line.add(inside ? "in " : "outside collectives, last in ");
  line.add_operation(other.operation.load(std::memory_order_relaxed), read(other.sequence));
  if (inside) line.add(" of %d ranks", ranks_of_group(other.group.load(std::memory_order_relaxed)));
  line.add(")");
}

/// Where nobody of this host is missing it is one of another host, of whom nothing is known here.
void add_unseen(Line& line, std::span<const int> ranks, int group_size) noexcept {
  line.add(" none");
  bool elsewhere = false;
  for (int rank = 0; rank < group_size; ++rank) {
    if (std::ranges::find(ranks, rank) != ranks.end()) continue;
    line.add(elsewhere ? " %d" : "; one on another host is not, of ranks %d", rank);
    elsewhere = true;
  }
  if (!elsewhere) line.add(" (a rank is stuck inside the collective)");
}

}  // namespace

Watchdog::Watchdog(std::span<Progress> local, std::span<const int> ranks, std::size_t own, double seconds)
    : local_(local), ranks_(ranks), own_(own), seconds_(seconds), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  local_[own_].alive.store(0, std::memory_order_release);  // the others are not to miss it
}

void Watchdog::watch() {
  Progress& own = local_[own_];
  Heartbeats heartbeats(local_);
  std::uint64_t seen = 0;
  Clock::time_point since = Clock::now();
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const double limit = seconds_.load(std::memory_order_relaxed);
    const double pause = seconds_between_looks(limit);
    own.alive.fetch_add(1, std::memory_order_release);
    wake_.wait_for(lock, std::chrono::duration<double>(pause), [this] { return stop_; });
    const std::uint64_t begun = read(own.begun);
    const auto now = Clock::now();
    if (begun != seen || begun == read(own.finished)) {
      seen = begun;
      since = now;
    } else if (const double waited = std::chrono::duration<double>(now - since).count(); waited > limit) {
      end_waiting(waited);
    }
    const Heartbeats::Silence silence = heartbeats.look(own_);
    if (const double still = static_cast<double>(silence.looks) * pause; still > limit + kGraceSeconds)
      end_beside(silence.index, still);
  }
}

void Watchdog::end_beside(std::size_t other, double seconds) const noexcept {
  Line line;
  line.add("tpscale: rank %d has stood still for %.1f s, stopped or dead, as rank %d sees; it was:",
           ranks_[other], seconds, ranks_[own_]);
  describe(line, local_[other], ranks_[other]);
  line.write_out();
  _exit(static_cast<int>(ExitCode::kWatchdog));
}

void Watchdog::end_waiting(double waited) const noexcept {
  const Progress& own = local_[own_];
  const std::uint32_t group = own.group.load(std::memory_order_relaxed);
  Line line;
  line.add("tpscale: rank %d waited %.1f s in ", ranks_[own_], waited);
  line.add_operation(own.operation.load(std::memory_order_relaxed), read(own.sequence));
  line.add(" (%llu B) of %d ranks; it completed last: ", static_cast<unsigned long long>(read(own.bytes)),
           ranks_of_group(group));
  line.add_operation(own.last_finished.load(std::memory_order_relaxed), read(own.last_sequence));
  line.add("; not there, of this host:");
  bool any = false;
  for (std::size_t i = 0; i < local_.size(); ++i) {
    if (i == own_ || ranks_[i] >= ranks_of_group(group) || has_arrived(local_[i], own)) continue;
    describe(line, local_[i], ranks_[i]);
    any = true;
  }
  if (!any) add_unseen(line, ranks_, ranks_of_group(group));
  line.write_out();
  _exit(static_cast<int>(ExitCode::kWatchdog));
}

}  // namespace tpscale
