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

int Warp::next_lane() const {
  const unsigned turned = std::rotr(runnable, static_cast<int>(first_lane));
  const int place = upwards ? std::countr_zero(turned) : 31 - std::countl_zero(turned);
  return static_cast<int>((static_cast<unsigned>(place) + first_lane) & 31U);
}

}  // namespace tpscale::virtual_gpu
