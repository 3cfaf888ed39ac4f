#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tpscale {

/// One tensor of a safetensors file. `begin` and `end` are bytes after the header.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;                ///< as the file spells it: "F32", "BF16", "F16", "I64", ...
  std::vector<std::int64_t> shape;  ///< at most kSafetensorsMaxRank sizes
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

inline constexpr std::int64_t kSafetensorsMaxHeader = 100'000'000;
inline constexpr std::size_t kSafetensorsMaxRank = 8;

/// Length of the header from the first 8 bytes of a file (little-endian) of `file_size` bytes. Throws
/// BadDataError.
std::int64_t safetensors_header_size(const unsigned char (&first_bytes)[8], std::int64_t file_size,
                                     const std::string& name);

/// The tensors in the order of their data, from the header alone: a pure function of its arguments, made to
/// be fed anything. Checks that it starts with '{', that no key comes twice, that dtypes are known and sizes
/// agree with shapes, and that the tensors cover the `data_size` bytes behind the header without holes or
/// overlap. Throws BadDataError with one sentence that begins with `name`.
std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view header, std::int64_t data_size,
                                                       const std::string& name);

}  // namespace tpscale
