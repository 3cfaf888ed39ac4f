#include "support/virtual_gpu/nccl/ring_sum.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/dtype.h"

namespace tpscale::virtual_gpu {
namespace {

constexpr std::size_t kSlice = 512;  ///< elements that begin at the same rank

template <class Element>
void sum_as(std::byte* out, std::span<const std::byte* const> parts, std::size_t first, std::size_t count) {
  std::vector<Element> sum(kSlice), part(kSlice);
  for (std::size_t done = 0; done < count;) {
    const std::size_t index = first + done;
    const std::size_t slice = std::min(count - done, kSlice - index % kSlice);
    const std::size_t start = index / kSlice % parts.size();
    std::memcpy(sum.data(), parts[start] + done * sizeof(Element), slice * sizeof(Element));
    for (std::size_t r = 1; r < parts.size(); ++r) {
      std::memcpy(part.data(), parts[(start + r) % parts.size()] + done * sizeof(Element),
                  slice * sizeof(Element));
      for (std::size_t i = 0; i < slice; ++i)
        sum[i] = Element(static_cast<float>(sum[i]) + static_cast<float>(part[i]));
    }
    std::memcpy(out + done * sizeof(Element), sum.data(), slice * sizeof(Element));
    done += slice;
  }
}

}  // namespace

std::size_t element_bytes(ncclDataType_t type) noexcept {
  switch (type) {
    case ncclFloat32:
      return 4;
    case ncclFloat16:
    case ncclBfloat16:
      return 2;
    default:
      return 0;
  }
}

void ring_sum(ncclDataType_t type, void* out, std::span<const std::byte* const> parts, std::size_t first,
              std::size_t count) {
  auto* at = static_cast<std::byte*>(out);
  if (type == ncclFloat32) return sum_as<float>(at, parts, first, count);
  if (type == ncclFloat16) return sum_as<Float16>(at, parts, first, count);
  sum_as<BFloat16>(at, parts, first, count);
}

}  // namespace tpscale::virtual_gpu
