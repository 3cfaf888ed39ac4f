#include "parallel/watchdog/progress.h"

namespace tpscale {

std::string_view to_string(Operation operation) noexcept {
  switch (operation) {
    case Operation::kAllReduce:
      return "all_reduce";
    case Operation::kAllGather:
      return "all_gather";
    case Operation::kReduceScatter:
      return "reduce_scatter";
    case Operation::kBroadcast:
      return "broadcast";
    case Operation::kBroadcastHost:
      return "broadcast_host";
    case Operation::kAllGatherHost:
      return "all_gather_host";
    case Operation::kBarrier:
      return "barrier";
    case Operation::kFinalize:
      return "finalize";
    case Operation::kConnect:
      return "connect";
    case Operation::kDeviceWait:
      return "device_wait";
    case Operation::kNone:
      break;
  }
  return "none";
}

}  // namespace tpscale
