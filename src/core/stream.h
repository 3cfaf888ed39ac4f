#pragma once
#include <functional>

namespace tpscale {

/// Stands around every wait of a rank's thread for its device: what runs there may be a collective whose
/// other ranks never come, and the host finds out nowhere else.
class WaitObserver {
 public:
  virtual ~WaitObserver() = default;
  /// Calls `wait` once. Throws afterwards where what was waited for has failed.
  virtual void observe(const std::function<void()>& wait) = 0;
};

/// The order in which a device works. Ops and collectives of a rank are enqueued on its backend's one compute
/// stream.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void synchronize() = 0;  ///< returns when everything enqueued so far has finished
  virtual void* native()
      const noexcept = 0;  ///< the vendor's handle (cudaStream_t), nullptr where work is synchronous

  /// nullptr: nobody. The observer outlives the waits.
  void set_wait_observer(WaitObserver* observer) noexcept { observer_ = observer; }
  /// Calls `wait`, in which the thread waits for what was enqueued here, and returns what it returns. Every
  /// wait of an asynchronous backend goes through this; judge the result afterwards: the observer knows a
  /// better reason for a failure than the device has.
  template <class Wait>
  auto observed(Wait&& wait) {
    if (observer_ == nullptr) return wait();
    decltype(wait()) result{};
    observer_->observe([&] { result = wait(); });
    return result;
  }

 private:
  WaitObserver* observer_ = nullptr;
};

}  // namespace tpscale
