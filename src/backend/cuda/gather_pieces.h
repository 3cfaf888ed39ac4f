#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace tpscale::cuda {

/// The pieces at base + offsets[i] (bytes, on the device), one behind another into `run`; and back. A piece
/// and all addresses are multiples of 16 bytes.
void gather_pieces(cudaStream_t stream, std::byte* run, const std::byte* base, const std::int64_t* offsets,
                   std::int64_t num_pieces, std::int64_t piece_bytes);
void scatter_pieces(cudaStream_t stream, std::byte* base, const std::byte* run, const std::int64_t* offsets,
                    std::int64_t num_pieces, std::int64_t piece_bytes);

}  // namespace tpscale::cuda
