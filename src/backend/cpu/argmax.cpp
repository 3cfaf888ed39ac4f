#include <algorithm>

#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::argmax(std::int32_t* ids, ConstTensorView logits, std::int64_t parts, std::int64_t vocab_size) {
  check(parts > 0 && logits.rows % parts == 0 && vocab_size > 0 && vocab_size <= parts * logits.cols,
        "argmax: shapes do not fit");
  const Kernels& table = kernels_for(logits.dtype);
  const std::int64_t sequences = logits.rows / parts;
  team_.divide(sequences, row_grain(parts * logits.cols), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t s = begin; s < end; ++s) {
      float best = 0.0F;
      for (std::int64_t part = 0; part < parts; ++part) {
        const std::int64_t first = part * logits.cols;
        const std::int64_t count = std::min(logits.cols, vocab_size - first);
        if (count <= 0) break;
        float largest = 0.0F;
        const std::int64_t index = table.argmax(element(logits, part * sequences + s), count, &largest);
        if (part > 0 && !(largest > best)) continue;
        best = largest;
        ids[s] = static_cast<std::int32_t>(first + index);
      }
    }
  });
}

}  // namespace tpscale::cpu
