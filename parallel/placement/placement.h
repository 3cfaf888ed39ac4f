#pragma once
#include <map>
#include <vector>

#include "parallel/placement/available_cores.h"
#include "parallel/world.h"

namespace tpscale {

/// Which rank runs on which cores: arithmetic on what the ranks said of their hosts, so every rank comes to
/// the same result by itself.
///
/// The cores of a host are the union of what its ranks may use, at most its quota. A rank has the same number
/// of threads at every degree. Where the ranks of a group fit, its i-th rank on a host owns cores [i x
/// threads, (i + 1) x threads); else all of them share all cores.
///
/// Stated threads take one hyperthread of each physical core first and the second ones after all of those, so
/// that ranks do not share physical cores while others are idle. Threads that are the whole share of a rank
/// take the hyperthreads of a physical core together: then ranks have as much of the host at every degree.
class Placement {
 public:
  explicit Placement(const std::vector<AvailableCores>& by_rank);

  /// 0: cores of a host / ranks on it, the smallest over hosts, at least 1. Returns the threads of a rank.
  int choose(int threads, bool pin) noexcept;
  int threads() const noexcept { return threads_; }
  bool oversubscribed(int degree) const noexcept;
  /// Places ranks 0 .. degree-1; the others get all cores of their host.
  void apply(int degree);
  const std::vector<RankPlace>& places() const noexcept { return places_; }

 private:
  struct Host {
    std::vector<int> cores;   ///< hyperthreads of a physical core side by side
    std::vector<int> spread;  ///< the same: the first of each physical core, then the second ones
    int usable = 1;           ///< cores, at most the quota
    std::vector<int> ranks;   ///< ascending
  };
  static std::vector<int> spread_of(const std::vector<int>& cores, const std::map<int, int>& physical_of);
  static int members(const Host& host, int degree) noexcept;

  std::vector<Host> hosts_;
  std::vector<RankPlace> places_;
  std::vector<std::size_t> host_of_;  ///< by rank
  int threads_ = 1;
  bool pin_ = true;
  bool spread_ = false;
};

}  // namespace tpscale
