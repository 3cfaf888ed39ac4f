#pragma once
#include <cstdint>
#include <filesystem>

namespace tpscale {

/// Makes `folder` with a bf16 checkpoint of about `mib` MiB, and at least one layer: the shape of Llama with
/// layers of 24 MiB. It is there whole or not at all. Throws InputOutputError.
void write_sample_checkpoint(const std::filesystem::path& folder, std::int64_t mib);

}  // namespace tpscale
