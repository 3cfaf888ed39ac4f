#pragma once

namespace tpscale::virtual_gpu {

/// From now on a segmentation fault in device memory says so before the program ends as it would have.
void explain_segfaults();

}  // namespace tpscale::virtual_gpu
