#include "backend/host_fetch.h"

#include <vector>

#include "backend/backend.h"
#include "core/check.h"

namespace tpscale {
namespace {

/// The copy is there when start() returns.
class WaitingFetch final : public HostFetch {
 public:
  WaitingFetch(Backend& backend, std::size_t capacity) : backend_(backend), bytes_(capacity) {}

  void start(const void* device, std::size_t bytes) override {
    check(bytes <= bytes_.size(), "a fetch of more bytes than it was made for");
    if (bytes == 0) return backend_.stream().synchronize();
    backend_.download(bytes_.data(), device, bytes);
  }
  bool ready() override { return true; }
  void wait() override {}
  const void* data() const noexcept override { return bytes_.data(); }

 private:
  Backend& backend_;
  std::vector<std::byte> bytes_;
};

}  // namespace

std::unique_ptr<HostFetch> Backend::make_fetch(std::size_t capacity) {
  return std::make_unique<WaitingFetch>(*this, capacity);
}

}  // namespace tpscale
