#pragma once

namespace tpscale {

/// The order in which a device works. Ops and collectives of a rank are enqueued on its backend's one compute
/// stream.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void synchronize() = 0;  ///< returns when everything enqueued so far has finished
  virtual void* native()
      const noexcept = 0;  ///< the vendor's handle (cudaStream_t), nullptr where work is synchronous
};

}  // namespace tpscale
