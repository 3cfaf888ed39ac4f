#include "fake_model.h"

#include "core/check.h"
#include "core/counter_rng.h"

namespace tpscale::test {
namespace {

std::uint64_t extend(std::uint64_t hash, std::int32_t token) {
  return counter_bits(hash, static_cast<std::uint64_t>(token));
}

}  // namespace

FakeModel::Slot& FakeModel::slot(const Sequence& sequence, std::int64_t position) {
  const auto block = static_cast<std::size_t>(position / block_size_);
  return slots_.at(
      static_cast<std::size_t>(sequence.blocks.blocks.at(block) * block_size_ + position % block_size_));
}

std::vector<std::int32_t> FakeModel::run(const StepPlan& plan) {
  for (const ScheduledSequence& item : plan.items) {
    const Sequence& sequence = *item.sequence;
    for (std::int64_t i = 0; i < item.num_tokens; ++i) {
      const std::int64_t position = sequence.num_computed + i;
      slot(sequence, position) = {sequence.tokens.at(static_cast<std::size_t>(position)), position};
    }
  }
  std::vector<std::int32_t> tokens;
  for (const ScheduledSequence& item : plan.items) {
    const Sequence& sequence = *item.sequence;
    std::uint64_t hash = 0;
    for (std::int64_t position = 0; position < sequence.num_computed + item.num_tokens; ++position) {
      const Slot& stored = slot(sequence, position);
      check(stored.position == position, "a slot holds another position");
      check(stored.token == sequence.tokens[static_cast<std::size_t>(position)],
            "a slot holds another token");
      hash = extend(hash, stored.token);
    }
    if (item.samples()) tokens.push_back(next(hash));
  }
  return tokens;
}

std::vector<std::int32_t> FakeModel::generate(std::vector<std::int32_t> prompt, std::int64_t count) const {
  std::uint64_t hash = 0;
  for (const std::int32_t token : prompt) hash = extend(hash, token);
  std::vector<std::int32_t> generated;
  while (static_cast<std::int64_t>(generated.size()) < count) {
    generated.push_back(next(hash));
    hash = extend(hash, generated.back());
  }
  return generated;
}

}  // namespace tpscale::test
