#pragma once
#include <cstdint>
#include <source_location>
#include <vector>

#include "support/virtual_gpu/device_code.h"

namespace tpscale::virtual_gpu {

/// Lanes that wait for each other at one instruction.
struct WarpMeeting {
  unsigned mask = 0;
  unsigned arrived = 0;
  const char* what = nullptr;
  std::source_location place;
  void* lanes[32] = {};
};

/// Who of 32 threads can go on, and in which order they do.
struct Warp {
  unsigned exists = 0;    ///< lanes that the block has
  unsigned runnable = 0;  ///< those too that have not begun
  unsigned done = 0;
  std::uint32_t priority = 0;
  unsigned first_lane = 0;            ///< the order among the runnable: from here,
  bool upwards = true;                ///< up or down
  std::vector<WarpMeeting> meetings;  ///< the first open_meetings are open
  std::size_t open_meetings = 0;

  void draw_order();
  /// The open meeting that waits for `lane`, nullptr where there is none.
  WarpMeeting* meeting_of(unsigned lane_bit);
  WarpMeeting& open_meeting();
  void close(WarpMeeting& meeting);
  int next_lane() const;
};

}  // namespace tpscale::virtual_gpu
