#pragma once

namespace tpscale {

/// While it lives, SIGTERM, SIGINT and SIGUSR1 are noted instead of ending the process. Rank 0 asks between
/// repetitions and tells the others; what other ranks get is theirs to ignore, so that all stop at the same
/// place.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  bool requested() const noexcept;
};

}  // namespace tpscale
