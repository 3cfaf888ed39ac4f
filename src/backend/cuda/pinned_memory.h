#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace tpscale::cuda {

/// Host memory the device copies from and to by itself. What it gave out may outlive it.
class PinnedMemory {
 public:
  std::shared_ptr<std::byte[]> allocate(std::size_t bytes);
  /// Whether [data, data + bytes) was given out here and still lives.
  bool holds(const void* data, std::size_t bytes) const;

 private:
  struct Ranges {
    std::mutex mutex;
    std::map<const std::byte*, std::size_t, std::less<>> sizes;
  };
  std::shared_ptr<Ranges> ranges_ = std::make_shared<Ranges>();
};

}  // namespace tpscale::cuda
