#include "support/virtual_gpu/runtime/warp.h"

#include <bit>

#include "support/virtual_gpu/runtime/random.h"

namespace tpscale::virtual_gpu {

void Warp::draw_order() {
  const std::uint32_t number = draw();
  first_lane = number & 31U;
  upwards = (number & 32U) != 0;
  priority = number >> 6U;
}

WarpMeeting* Warp::meeting_of(unsigned lane_bit) {
  for (std::size_t i = 0; i < open_meetings; ++i) {
    if ((meetings[i].mask & lane_bit) != 0) return &meetings[i];
  }
  return nullptr;
}

WarpMeeting& Warp::open_meeting() {
  if (open_meetings == meetings.size()) meetings.emplace_back();
  return meetings[open_meetings++];
}

void Warp::close(WarpMeeting& meeting) {
  WarpMeeting& last = meetings[--open_meetings];
  if (&meeting != &last) meeting = last;
}

int Warp::next_lane() const {
  const unsigned turned = std::rotr(runnable, static_cast<int>(first_lane));
  const int place = upwards ? std::countr_zero(turned) : 31 - std::countl_zero(turned);
  return static_cast<int>((static_cast<unsigned>(place) + first_lane) & 31U);
}

}  // namespace tpscale::virtual_gpu
