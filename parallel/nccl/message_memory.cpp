#include "parallel/nccl/message_memory.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "parallel/nccl/nccl_result.h"

namespace tpscale::nccl {
namespace {

std::size_t whole_pages(std::size_t bytes) {
  constexpr std::size_t kPage = NCCL_WIN_REQUIRED_ALIGNMENT;
  return (bytes + kPage - 1) / kPage * kPage;
}

}  // namespace

MessageMemory::MessageMemory(NcclConnection& connection, Communicator& host, Backend& backend, bool wanted,
                             const NcclVersion& version)
    : connection_(connection), host_(host), backend_(backend), state_("off"), on_(wanted) {
  if (on_ && !version.at_least(2, 27)) {
    on_ = false;
    state_ = "off: NCCL " + version.text() + " has no symmetric windows, 2.27 has";
  }
  if (on_) state_ = "on";
}

Buffer MessageMemory::allocate(std::size_t bytes) {
  if (!on_ || bytes == 0) return {};
  const std::size_t size = whole_pages(bytes);
  void* data = nullptr;
  if (!agreed(ncclMemAlloc(&data, size) == ncclSuccess)) {
    if (data != nullptr) ncclMemFree(data);
    const std::size_t available = backend_.device_memory().available_bytes;
    throw OutOfMemoryError("ncclMemAlloc has no " + std::to_string(size) +
                               " bytes for messages on every rank; " + std::to_string(available) +
                               " are free here",
                           size, available);
  }
  ncclWindow_t window = nullptr;
  connection_.call("ncclCommWindowRegister", [&](ncclComm_t comm) {
    return ncclCommWindowRegister(comm, data, size, &window, NCCL_WIN_COLL_SYMMETRIC);
  });
  if (!agreed(window != nullptr)) {
    on_ = false;
    state_ = "off: NCCL gives no symmetric window here; the GPUs do not all reach each other's memory";
    if (window != nullptr)
      connection_.try_call([&](ncclComm_t comm) { return ncclCommWindowDeregister(comm, window); });
    ncclMemFree(data);
    return {};
  }
  windows_.emplace(data, window);
  backend_.memory().allocated(MemoryKind::kActivations, size);
  Buffer buffer(*this, data, size, MemoryKind::kActivations);
  const std::vector<std::byte> zeros(size);
  backend_.upload(data, zeros.data(), size);
  backend_.stream().synchronize();
  return buffer;
}

void MessageMemory::release(void* data, std::size_t bytes, MemoryKind kind) noexcept {
  const auto found = windows_.find(data);
  connection_.try_call([&](ncclComm_t comm) { return ncclCommWindowDeregister(comm, found->second); });
  windows_.erase(found);
  ncclMemFree(data);
  backend_.memory().freed(kind, bytes);
}

bool MessageMemory::agreed(bool mine) {
  std::vector<char> all(static_cast<std::size_t>(host_.size()));
  const char own = mine ? 1 : 0;
  host_.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&own, 1)));
  return std::ranges::all_of(all, [](char one) { return one != 0; });
}

}  // namespace tpscale::nccl
