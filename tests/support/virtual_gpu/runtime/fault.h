#pragma once
#include <string>
#include <string_view>

namespace tpscale::virtual_gpu {

inline constexpr int kHang = -1;

/// What is to go wrong: VIRTUAL_GPU_FAIL, or set_faults in a test. "call:use:code,...": the use-th use (from
/// 1; 0: every use) of `call` returns `code`; "hang" for a call that never returns. Calls are named as in
/// the vendor's manual; "kernel", "copy" and "graph" are work that fails while it runs on the device.
void set_faults(const std::string& text);

/// 0, an error code, or kHang; counts this use.
int take_fault(std::string_view call);

}  // namespace tpscale::virtual_gpu
