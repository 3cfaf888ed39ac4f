#include "comm/replay.h"

#include <algorithm>

#include "core/check.h"

namespace tpscale {
namespace {

void require_own_part(const void* whole, const void* part, std::size_t part_bytes, int rank) {
  check(part == static_cast<const std::byte*>(whole) + static_cast<std::size_t>(rank) * part_bytes,
        "a replayed shard gathers and scatters in place: its part must lie where the group wants it");
}

}  // namespace

ReplayCommunicator::ReplayCommunicator(int rank, int size) : rank_(rank), size_(size) {
  check(size >= 1 && rank >= 0 && rank < size, "a rank outside its group");
}

void ReplayCommunicator::all_gather(TensorView out, ConstTensorView in) {
  require_own_part(out.data, in.data, in.bytes(), rank_);
}

void ReplayCommunicator::reduce_scatter_sum(TensorView out, ConstTensorView in) {
  require_own_part(in.data, out.data, out.bytes(), rank_);
}

void ReplayCommunicator::all_gather_host(std::span<std::byte> out, std::span<const std::byte> in) {
  check(out.size() == in.size() * static_cast<std::size_t>(size_), "all_gather_host: sizes do not fit");
  for (auto place = out.begin(); place != out.end(); place += static_cast<std::ptrdiff_t>(in.size())) {
    std::ranges::copy(in, place);
    if (in.empty()) break;
  }
}

}  // namespace tpscale
