// A trace: JSON Lines of requests.
#include <algorithm>

#include "bench/workload/trace.h"
#include "fuzz/fuzz_target.h"

namespace {

/// An allowed prompt of 2^28 tokens takes a gigabyte and a second, and shows nothing that one of 1000 does
/// not.
bool asks_for_many_tokens(std::string_view text) {
  int digits = 0;
  return std::any_of(text.begin(), text.end(), [&](char c) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    return digits > 4 && digits < 10;
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tpscale;
  const std::string_view text = fuzz::text_of(data, size);
  if (asks_for_many_tokens(text)) return -1;
  fuzz::taken_or_refused<BadDataError>([&] {
    for (const Request& request : parse_trace(text, "f", 1, 100)) {
      fuzz::require(!request.prompt.empty() && request.max_new_tokens >= 1, "a request without tokens");
      fuzz::require(request.arrival_s >= 0.0, "a request before the first");
      for (const std::int32_t token : request.prompt) fuzz::require(token >= 0, "a negative token");
    }
  });
  return 0;
}
