#pragma once
#pragma GCC system_header
#include <algorithm>
#include <source_location>
#include <type_traits>

#include "support/virtual_gpu/device_code.h"

// CUDA C++ Programming Guide, "Warp Vote Functions" and "Warp Reduce Functions".
namespace tpscale::virtual_gpu {

struct VoteLane {
  bool predicate = false;
  unsigned votes = 0;
};

inline void finish_vote(void* const* lanes, unsigned mask) {
  unsigned votes = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1U) != 0 && static_cast<VoteLane*>(lanes[lane])->predicate) votes |= 1U << lane;
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1U) != 0) static_cast<VoteLane*>(lanes[lane])->votes = votes;
  }
}

inline unsigned vote(unsigned mask, const char* what, bool predicate, std::source_location place) {
  VoteLane lane{predicate, 0};
  meet_warp(mask, what, &lane, finish_vote, place);
  return lane.votes;
}

template <class T, class Combine>
void finish_reduce(void* const* lanes, unsigned mask) {
  T result{};
  bool first = true;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1U) == 0) continue;
    const T value = *static_cast<T*>(lanes[lane]);
    result = first ? value : Combine{}(result, value);
    first = false;
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1U) != 0) *static_cast<T*>(lanes[lane]) = result;
  }
}

template <class Combine, class T>
T reduce(unsigned mask, const char* what, T value, std::source_location place) {
  static_assert(std::is_same_v<T, int> || std::is_same_v<T, unsigned>);
  meet_warp(mask, what, &value, finish_reduce<T, Combine>, place);
  return value;
}

struct Sum {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<unsigned>(a) + static_cast<unsigned>(b));
  }
};
struct Largest {
  template <class T>
  T operator()(T a, T b) const {
    return std::max(a, b);
  }
};
struct Smallest {
  template <class T>
  T operator()(T a, T b) const {
    return std::min(a, b);
  }
};

}  // namespace tpscale::virtual_gpu

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              std::source_location place = std::source_location::current()) {
  return tpscale::virtual_gpu::vote(mask, "__ballot_sync", predicate != 0, place);
}
inline int __any_sync(unsigned mask, int predicate,
                      std::source_location place = std::source_location::current()) {
  return tpscale::virtual_gpu::vote(mask, "__any_sync", predicate != 0, place) != 0 ? 1 : 0;
}
inline int __all_sync(unsigned mask, int predicate,
                      std::source_location place = std::source_location::current()) {
  return tpscale::virtual_gpu::vote(mask, "__all_sync", predicate != 0, place) == mask ? 1 : 0;
}
inline unsigned __activemask() {
  return tpscale::virtual_gpu::live_lanes();
}
template <class T>
T __reduce_add_sync(unsigned mask, T value, std::source_location place = std::source_location::current()) {
  return tpscale::virtual_gpu::reduce<tpscale::virtual_gpu::Sum>(mask, "__reduce_add_sync", value, place);
}
template <class T>
T __reduce_max_sync(unsigned mask, T value, std::source_location place = std::source_location::current()) {
  return tpscale::virtual_gpu::reduce<tpscale::virtual_gpu::Largest>(mask, "__reduce_max_sync", value, place);
}
template <class T>
T __reduce_min_sync(unsigned mask, T value, std::source_location place = std::source_location::current()) {
  return tpscale::virtual_gpu::reduce<tpscale::virtual_gpu::Smallest>(mask, "__reduce_min_sync", value,
                                                                      place);
}
