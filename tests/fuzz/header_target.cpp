// A safetensors file as far as its tensors begin: 4 bytes say how many bytes of tensors follow
// (little-endian), the rest is the beginning of the file.
#include <algorithm>
#include <cstring>

#include "fuzz/fuzz_target.h"
#include "model/safetensors.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tpscale;
  unsigned char first[8];
  if (size < 4 + sizeof first) return -1;
  std::uint32_t data_size = 0;
  std::memcpy(&data_size, data, 4);
  std::memcpy(first, data + 4, sizeof first);
  const std::string_view rest = fuzz::text_of(data + 12, size - 12);
  fuzz::taken_or_refused<BadDataError>([&] {
    const auto file_size = static_cast<std::int64_t>(8 + rest.size()) + data_size;
    const std::int64_t header_size = safetensors_header_size(first, file_size, "f");
    fuzz::require(header_size >= 0 && header_size <= file_size - 8, "a header that is longer than its file");
    const auto entries = parse_safetensors_header(
        rest.substr(0, std::min<std::size_t>(static_cast<std::size_t>(header_size), rest.size())), data_size,
        "f");
    std::int64_t end = 0;
    for (const SafetensorsEntry& entry : entries) {
      fuzz::require(entry.begin == end && entry.end >= entry.begin, "tensors that do not follow each other");
      end = entry.end;
    }
    fuzz::require(end == data_size, "tensors that do not cover the file");
  });
  return 0;
}
