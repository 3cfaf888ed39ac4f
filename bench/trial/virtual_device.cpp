#include "bench/trial/virtual_device.h"

#include "bench/trial/figures.h"

namespace tpscale {

bool is_virtual(const Backend& backend) {
  return backend.device_name().starts_with("Virtual ");
}

void mark_virtual(Point& point) {
  point.marks.emplace_back("virtual");
  std::erase_if(point.hardware, [](const auto& fact) {
    return fact.first == "read_bandwidth" || fact.first == "gemm_rate" || fact.first == "multiply_add_peak";
  });
  withdraw_figures(point, "measured on a virtual device, whose clock means nothing");
}

}  // namespace tpscale
