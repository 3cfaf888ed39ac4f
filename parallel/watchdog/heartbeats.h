#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel/watchdog/progress.h"

namespace tpscale {

/// Which ranks of the host still run, as one of them sees it. Time is counted in looks, so that a launch
/// which is suspended and continued as a whole misses nobody.
class Heartbeats {
 public:
  struct Silence {
    std::int64_t looks = 0;  ///< since `rank` was last seen to run; 0: all do
    std::size_t index = 0;
  };
  explicit Heartbeats(std::span<const Progress> local) : local_(local), seen_(local.size()) {}

  /// Another look; who has been silent longest, but for `own`.
  Silence look(std::size_t own) noexcept {
    Silence longest{0, own};
    for (std::size_t i = 0; i < local_.size(); ++i) {
      const std::uint64_t alive = local_[i].alive.load(std::memory_order_acquire);
      Seen& seen = seen_[i];
      seen = alive == 0 || alive != seen.alive ? Seen{alive, 0} : Seen{alive, seen.looks + 1};
      if (i != own && seen.looks > longest.looks) longest = {seen.looks, i};
    }
    return longest;
  }

 private:
  struct Seen {
    std::uint64_t alive = 0;
    std::int64_t looks = 0;
  };
  std::span<const Progress> local_;
  std::vector<Seen> seen_;
};

}  // namespace tpscale
