#pragma once
#include <cstddef>

namespace tpscale {

/// A copy from the device that arrives while the host goes on. Made once, used again and again for one copy
/// at a time; allocates nothing after its construction.
class HostFetch {
 public:
  virtual ~HostFetch() = default;
  /// Enqueues the copy, in stream order. 0 bytes: nothing is copied, and waiting is for what was enqueued
  /// before. A copy that nobody waited for is forgotten.
  virtual void start(const void* device, std::size_t bytes) = 0;
  virtual bool ready() = 0;                       ///< wait() would return at once
  virtual void wait() = 0;                        ///< for the copy started last
  virtual const void* data() const noexcept = 0;  ///< what was copied; valid from wait() to the next start()
};

}  // namespace tpscale
