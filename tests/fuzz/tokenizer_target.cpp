// tokenizer.json, and a text through what was taken.
#include "fuzz/fuzz_target.h"
#include "text/tokenizer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tpscale;
  fuzz::taken_or_refused<BadDataError>([&] {
    const Tokenizer tokenizer(fuzz::text_of(data, size), "f");
    const auto ids = tokenizer.encode("Hello  <s> wor\xC3\xA9ld 123\n\n\t\xE4\xBD\xA0 \xFF<|endoftext|>");
    for (const std::int32_t id : ids)
      fuzz::require(id >= 0 && id < tokenizer.id_limit(), "a token beyond the vocabulary");
    tokenizer.decode(ids);
    tokenizer.decode_after(ids, ids);
  });
  return 0;
}
