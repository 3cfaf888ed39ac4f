#pragma once
#pragma GCC system_header
#include <bit>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "support/virtual_gpu/device_code.h"

// CUDA C++ Programming Guide, "Warp Shuffle Functions". "If the target thread is inactive, the retrieved
// value is undefined": here all ones, which is a NaN.
namespace tpscale::virtual_gpu {

struct ShuffleLane {
  std::uint64_t given = 0;
  int source = 0;
  std::uint64_t got = ~0ULL;
};

inline void finish_shuffle(void* const* lanes, unsigned mask) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1U) == 0) continue;
    auto* mine = static_cast<ShuffleLane*>(lanes[lane]);
    const auto* other = static_cast<const ShuffleLane*>(lanes[mine->source & 31]);
    if (other != nullptr) mine->got = other->given;
  }
}

template <class T>
T shuffle(unsigned mask, const char* what, T value, int source, std::source_location place) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  ShuffleLane lane;
  std::memcpy(&lane.given, &value, sizeof(T));
  lane.source = source;
  meet_warp(mask, what, &lane, finish_shuffle, place);
  std::memcpy(&value, &lane.got, sizeof(T));
  return value;
}

}  // namespace tpscale::virtual_gpu

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              std::source_location place = std::source_location::current()) {
  const int lane = tpscale::virtual_gpu::lane_index();
  return tpscale::virtual_gpu::shuffle(mask, "__shfl_sync", value,
                                       (lane & ~(width - 1)) | (source & (width - 1)), place);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 std::source_location place = std::source_location::current()) {
  const int lane = tpscale::virtual_gpu::lane_index();
  const int source = lane - static_cast<int>(delta);
  return tpscale::virtual_gpu::shuffle(mask, "__shfl_up_sync", value,
                                       source < (lane & ~(width - 1)) ? lane : source, place);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   std::source_location place = std::source_location::current()) {
  const int lane = tpscale::virtual_gpu::lane_index();
  const int source = lane + static_cast<int>(delta);
  return tpscale::virtual_gpu::shuffle(mask, "__shfl_down_sync", value,
                                       source > (lane | (width - 1)) ? lane : source, place);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  std::source_location place = std::source_location::current()) {
  const int lane = tpscale::virtual_gpu::lane_index();
  const int source = lane ^ lane_mask;
  return tpscale::virtual_gpu::shuffle(mask, "__shfl_xor_sync", value,
                                       source > (lane | (width - 1)) ? lane : source, place);
}
