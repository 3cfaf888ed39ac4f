#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tpscale::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "finding: %s\n", what);
  std::abort();
}

/// Runs `read` on hostile input: it takes it, or refuses it with an ErrorType of one line that a terminal may
/// show. Any other exception leaves the target, which libFuzzer calls a crash.
template <class ErrorType, class Read>
void taken_or_refused(Read&& read) {
  try {
    read();
  } catch (const ErrorType& error) {
    const std::string_view sentence = error.what();
    require(!sentence.empty(), "a refusal without a sentence");
    for (const char c : sentence)
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a control character in a sentence");
  }
}

}  // namespace tpscale::fuzz
