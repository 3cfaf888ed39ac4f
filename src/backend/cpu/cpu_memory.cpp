#include "backend/cpu/cpu_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <string>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "backend/cpu/process_memory.h"
#include "core/error.h"

namespace tpscale::cpu {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kPlanFrom = std::size_t{1} << 20;  // smaller ones are not worth reading /proc for

std::size_t rounded_up(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}
std::size_t mapped_bytes(std::size_t bytes) {
  return rounded_up(bytes == 0 ? 1 : bytes, kPage);
}

// Pages are coarser than buffers: the address sanitizer is told what lies behind a buffer.
#if defined(__SANITIZE_ADDRESS__)
std::byte* tail(void* data, std::size_t bytes) {
  return static_cast<std::byte*>(data) + bytes;
}
void guard_tail(void* data, std::size_t bytes) {
  __asan_poison_memory_region(tail(data, bytes), mapped_bytes(bytes) - bytes);
}
void free_tail(void* data, std::size_t bytes) noexcept {
  __asan_unpoison_memory_region(tail(data, bytes), mapped_bytes(bytes) - bytes);
}
#else
void guard_tail(void* /*data*/, std::size_t /*bytes*/) {}
void free_tail(void* /*data*/, std::size_t /*bytes*/) noexcept {}
#endif

std::string mebibytes(std::size_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

[[noreturn]] void throw_out_of_memory(std::size_t bytes, std::size_t available, MemoryKind kind) {
  throw OutOfMemoryError(mebibytes(bytes) + " for " + std::string(to_string(kind)) +
                             " do not fit: " + mebibytes(available) +
                             " of memory are available; use a smaller model or batch, or more ranks",
                         bytes, available);
}

/// Pages mapped but not touched yet are promised, though the system still counts them as available.
std::size_t available_beyond(std::size_t promised) {
  const ProcessMemory now = read_process_memory();
  const std::size_t untouched = promised > now.resident ? promised - now.resident : 0;
  return now.available > untouched ? now.available - untouched : 0;
}

void* map_pages(std::size_t bytes, bool huge) {
  const std::size_t slack = huge ? kHugePage : 0;
  void* mapped = mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (!huge) return mapped;
  auto* start = static_cast<std::byte*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(mapped);
  const std::size_t head = rounded_up(address, kHugePage) - address;
  if (head > 0) munmap(start, head);
  if (slack > head) munmap(start + head + bytes, slack - head);
  madvise(start + head, bytes, MADV_HUGEPAGE);
  return start + head;
}

}  // namespace

Buffer CpuMemory::allocate(std::size_t bytes, MemoryKind kind) {
  if (bytes >= kPlanFrom) {
    const std::size_t available = available_beyond(tracker_.use().total);
    if (bytes > available) throw_out_of_memory(bytes, available, kind);
  }
  void* data = map_pages(mapped_bytes(bytes), huge_pages_ && bytes >= kHugePage);
  if (data == nullptr) throw_out_of_memory(bytes, 0, kind);
  guard_tail(data, bytes);
  tracker_.allocated(kind, bytes);
  return {*this, data, bytes, kind};
}

void CpuMemory::release(void* data, std::size_t bytes, MemoryKind kind) noexcept {
  free_tail(data, bytes);
  munmap(data, mapped_bytes(bytes));
  tracker_.freed(kind, bytes);
}

}  // namespace tpscale::cpu
