// A file of token ids: text or .npy.
#include "bench/workload/token_file.h"
#include "fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tpscale;
  fuzz::taken_or_refused<BadDataError>([&] {
    const auto tokens = parse_token_ids(fuzz::text_of(data, size), "f");
    fuzz::require(!tokens.empty() && tokens.size() <= size, "other tokens than the file can hold");
    for (const std::int32_t token : tokens) fuzz::require(token >= 0, "a negative token");
  });
  return 0;
}
