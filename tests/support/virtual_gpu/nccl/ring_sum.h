#pragma once
#include <nccl.h>

#include <cstddef>
#include <span>

namespace tpscale::virtual_gpu {

/// Bytes of an element; 0 for a type the stand-in does not know.
std::size_t element_bytes(ncclDataType_t type) noexcept;

/// out[i] = the sum of parts[.][i], rounded to the type after EVERY addition, begun at another rank from
/// slice to slice: as partial sums travel round a ring, each rank adding its own and sending the sum on in
/// the message's type. `first` is the index of element 0 in the whole message.
void ring_sum(ncclDataType_t type, void* out, std::span<const std::byte* const> parts, std::size_t first,
              std::size_t count);

}  // namespace tpscale::virtual_gpu
