#pragma once
#include <cstdint>
#include <vector>

#include "engine/step_plan.h"

namespace tpscale::test {

/// Stands in for the model where only the bookkeeping is tested. Its "cache" remembers which token was stored
/// at which position in every slot; a step writes its own and then reads the whole context back through the
/// block table, so a wrong table, a block overwritten too early or a token never computed shows at once. The
/// next token is a hash of all that was read: it depends on every earlier token, and on nothing else.
class FakeModel {
 public:
  FakeModel(std::int64_t num_blocks, std::int64_t block_size, std::int32_t vocab_size)
      : block_size_(block_size),
        vocab_size_(vocab_size),
        slots_(static_cast<std::size_t>(num_blocks * block_size)) {}

  /// The tokens of a step, by the plan's order; throws where the cache does not hold what it should.
  std::vector<std::int32_t> run(const StepPlan& plan);

  /// What a sequence alone would generate.
  std::vector<std::int32_t> generate(std::vector<std::int32_t> prompt, std::int64_t count) const;

 private:
  struct Slot {
    std::int32_t token = -1;
    std::int64_t position = -1;
  };
  Slot& slot(const Sequence& sequence, std::int64_t position);
  std::int32_t next(std::uint64_t hash) const {
    return static_cast<std::int32_t>(hash % static_cast<std::uint64_t>(vocab_size_));
  }

  std::int64_t block_size_;
  std::int32_t vocab_size_;
  std::vector<Slot> slots_;
};

}  // namespace tpscale::test
