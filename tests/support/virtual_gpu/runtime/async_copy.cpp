#include "support/virtual_gpu/runtime/async_copy.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "support/virtual_gpu/runtime/random.h"
#include "support/virtual_gpu/stand_in.h"

namespace tpscale::virtual_gpu {

void AsyncCopies::Copy::land() {
  if (landed) return;
  std::memcpy(shared, global, source_bytes);
  std::memset(static_cast<std::byte*>(shared) + source_bytes, 0, bytes - source_bytes);
  landed = true;
}

void AsyncCopies::add(void* shared, const void* global, std::size_t bytes, std::size_t source_bytes,
                      std::source_location place) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(shared) % bytes == 0 &&
                       reinterpret_cast<std::uintptr_t>(global) % bytes == 0;
  if ((bytes != 4 && bytes != 8 && bytes != 16) || !aligned || source_bytes > bytes) {
    report_bug("a cp.async of " + std::to_string(bytes) +
               " bytes whose addresses are not multiples of its size");
  }
  Copy copy{shared, global, bytes, source_bytes, open_group_, false, place};
  if (draw() % 2 == 0) copy.land();
  pending_.push_back(copy);
}

void AsyncCopies::commit() {
  ++open_group_;
}

void AsyncCopies::wait(int groups_in_flight) {
  const int first_kept = open_group_ - groups_in_flight;
  for (Copy& copy : pending_) {
    if (copy.group < first_kept) copy.land();
  }
  std::erase_if(pending_, [&](const Copy& copy) { return copy.group < first_kept; });
}

void AsyncCopies::clear() {
  pending_.clear();
  open_group_ = 0;
}

}  // namespace tpscale::virtual_gpu
