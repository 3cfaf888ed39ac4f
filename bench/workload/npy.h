#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tpscale {

/// True where the content begins as a .npy file does.
bool is_npy(std::string_view content) noexcept;

/// Token ids of a .npy file (versions 1 to 3): one-dimensional, '<i4' or '<i8', not negative, nothing after
/// the data. Throws BadDataError.
std::vector<std::int32_t> parse_npy(std::string_view content, const std::string& name);

}  // namespace tpscale
