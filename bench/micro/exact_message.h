#pragma once
#include <cstddef>

namespace tpscale {

/// Messages of whole numbers whose sums every dtype holds exactly, in whatever order the ranks are added and
/// however often the sum is rounded in between: each partial sum is at most 256, up to which bf16, the
/// coarsest, has every whole number. Good for 256 ranks; of more, those from the 257th on add zeros.
class ExactMessage {
 public:
  /// `summed`: the ranks' messages are added. Where they are only passed on, more of them can differ.
  ExactMessage(bool summed, int ranks) noexcept;

  /// Element i of what `rank` sends. Differs from element to element and from rank to rank as far as the
  /// sums allow: all of up to 22 ranks do, then some are equal, from 172 ranks on all.
  float sent(int rank, std::size_t i) const noexcept { return number_of(rank) * factor(i); }
  /// Element i of the sum of all ranks' messages.
  float sum(std::size_t i) const noexcept { return total_ * factor(i); }

 private:
  float number_of(int rank) const noexcept;
  float factor(std::size_t i) const noexcept { return static_cast<float>(1 + i % pattern_); }

  bool summed_;
  int numbers_ = 1;  ///< ranks send 1 .. numbers_, then 1 again
  float total_ = 0.0F;
  std::size_t pattern_ = 1;
};

}  // namespace tpscale
