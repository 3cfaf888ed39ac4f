#pragma once
#include <string>
#include <utility>
#include <vector>

#include "bench/preflight/finding.h"

namespace tpscale {

/// Things that all ranks must have alike: name -> value, in the same order or not.
using Traits = std::vector<std::pair<std::string, std::string>>;

/// The first rank that differs from rank 0, and in what.
struct Difference {
  int rank = 0;  ///< 0: none differs
  std::string host;
  std::string name;
  std::string value;  ///< printable; "none" where the rank lacks it
  std::string value_of_rank_zero;

  explicit operator bool() const noexcept { return rank != 0; }
  std::string who() const { return "rank " + std::to_string(rank) + " on " + host; }
};

/// Collective over the world; the same on all ranks.
Difference find_difference(World& world, const Traits& mine);

}  // namespace tpscale
