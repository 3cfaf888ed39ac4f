#pragma once
#include <cstdint>

namespace tpscale {

/// Where the arrays of a step lie, one behind the other in one piece of 32-bit numbers: a step's inputs are
/// one copy to the device. Places depend on the shape alone, so steps of one shape find their inputs at the
/// same addresses, as a graph must. Arrays begin at multiples of 16 bytes.
struct StepLayout {
  constexpr StepLayout(std::int64_t tokens, std::int64_t sequences, std::int64_t logits,
                       std::int64_t max_blocks)
      : token_ids(0),
        sources(after(token_ids, tokens)),
        rope_rows(after(sources, tokens)),
        slot_mapping(after(rope_rows, tokens)),
        cu_seqlens_q(after(slot_mapping, tokens)),
        context_lens(after(cu_seqlens_q, sequences + 1)),
        logits_rows(after(context_lens, sequences)),
        block_tables(after(logits_rows, logits)),
        total(after(block_tables, sequences * max_blocks)) {}

  std::int64_t token_ids;     ///< [tokens]
  std::int64_t sources;       ///< [tokens] as Ops::feed_tokens takes them
  std::int64_t rope_rows;     ///< [tokens]
  std::int64_t slot_mapping;  ///< [tokens]
  std::int64_t cu_seqlens_q;  ///< [sequences + 1]
  std::int64_t context_lens;  ///< [sequences]
  std::int64_t logits_rows;   ///< [logits]
  std::int64_t block_tables;  ///< [sequences, max_blocks]
  std::int64_t total;

 private:
  static constexpr std::int64_t after(std::int64_t place, std::int64_t count) noexcept {
    return (place + count + 3) / 4 * 4;
  }
};

}  // namespace tpscale
