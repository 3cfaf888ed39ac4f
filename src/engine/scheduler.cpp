#include "engine/scheduler.h"

#include <algorithm>

#include "core/check.h"
#include "engine/engine.h"

namespace tpscale {

SchedulerLimits scheduler_limits(const EngineOptions& options, const EngineSizes& sizes) {
  return {.max_num_seqs = sizes.max_num_seqs,
          .max_step_tokens = std::min(sizes.max_step_tokens, options.max_num_batched_tokens)};
}

Scheduler::Scheduler(BlockManager& blocks, const SchedulerLimits& limits, std::int64_t max_sequences)
    : blocks_(blocks), limits_(limits) {
  check(limits.max_num_seqs > 0 && limits.max_step_tokens >= limits.max_num_seqs,
        "a step must hold one token of every running sequence");
  const auto all = static_cast<std::size_t>(max_sequences);
  const auto most = static_cast<std::size_t>(std::min(max_sequences, limits.max_num_seqs));
  arrived_.reserve(all);
  preempted_.reserve(most);
  running_.reserve(most);
  sampled_.reserve(most);
  plan_.items.reserve(most);
}

Scheduler::~Scheduler() {
  for (Sequence* sequence : running_) blocks_.release(sequence->blocks);
}

void Scheduler::add(Sequence& sequence) {
  arrived_.push_back(&sequence);
}

std::int64_t Scheduler::stored_tokens() const noexcept {
  std::int64_t tokens = plan_.num_tokens();
  for (const Sequence* sequence : running_) tokens += sequence->num_computed;
  return tokens;
}

const StepPlan& Scheduler::schedule() {
  plan_.clear();
  if (idle()) return plan_;
  fill(plan_);
  check(!plan_.empty(), "the KV pool cannot hold one sequence");
  check(plan_.num_tokens() <= limits_.max_step_tokens, "a step exceeds its token limit");
  return plan_;
}

Sequence& Scheduler::first_waiting() const {
  return preempted_.empty() ? *arrived_[next_arrived_] : *preempted_.back();
}

void Scheduler::pop_waiting() {
  if (preempted_.empty()) {
    ++next_arrived_;
  } else {
    preempted_.pop_back();
  }
}

std::int64_t Scheduler::growing_sequences() const {
  return std::ranges::count_if(running_, [&](const Sequence* sequence) {
    const std::int64_t most = blocks_for(sequence->most_stored_tokens(), blocks_.block_size());
    return static_cast<std::int64_t>(sequence->blocks.blocks.size()) < most;
  });
}

Sequence* Scheduler::admit_next(std::int64_t most_to_compute) {
  if (!has_waiting() || budget() <= 0) return nullptr;
  if (static_cast<std::int64_t>(running_.size()) == limits_.max_num_seqs) return nullptr;
  Sequence& sequence = first_waiting();
  const auto cached =
      blocks_.try_allocate(sequence.blocks, sequence.tokens,
                           {.spare_blocks = growing_sequences(), .most_to_compute = most_to_compute});
  if (!cached) return nullptr;
  pop_waiting();
  running_.push_back(&sequence);
  sequence.num_computed = *cached;
  sequence.prefill_end = sequence.num_tokens();

  const std::int64_t new_in_cache = std::min(*cached, sequence.num_prompt_tokens) - sequence.furthest;
  sequence.cached_prompt_tokens += std::max<std::int64_t>(new_in_cache, 0);
  counts_.prompt_tokens_cached += std::max<std::int64_t>(new_in_cache, 0);
  if (blocks_.prefix_cache() && sequence.blocks.shareable && sequence.preemptions == 0) {
    counts_.prompt_tokens_looked_up += sequence.num_prompt_tokens;
  }
  sequence.furthest = std::max(sequence.furthest, *cached);
  return &sequence;
}

void Scheduler::plan_decodes(StepPlan& plan) {
  // Victims come from the end of running_ and the plan is filled from its beginning: no planned sequence is
  // preempted.
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Sequence& sequence = *running_[i];
    if (sequence.prefilling()) continue;
    bool grown = blocks_.try_grow(sequence.blocks, sequence.num_tokens());
    while (!grown && running_.size() > i) {
      preempt_newest();
      grown = running_.size() > i && blocks_.try_grow(sequence.blocks, sequence.num_tokens());
    }
    if (grown) plan.add(sequence, 1);
  }
}

void Scheduler::preempt_newest() {
  Sequence& victim = *running_.back();
  running_.pop_back();
  blocks_.release(victim.blocks);
  victim.num_computed = 0;
  ++victim.preemptions;
  ++counts_.preemptions;
  preempted_.push_back(&victim);
}

void Scheduler::account_computed(Sequence& sequence, std::int64_t num_tokens) {
  const std::int64_t begin = sequence.num_computed;
  const std::int64_t end = begin + num_tokens;
  const std::int64_t again = std::clamp(sequence.furthest, begin, end) - begin;
  const std::int64_t first_prompt_token = std::max(begin, sequence.furthest);
  const std::int64_t prompt_end = std::min(end, sequence.num_prompt_tokens);
  counts_.recomputed_tokens += again;
  counts_.prompt_tokens_computed += std::max<std::int64_t>(prompt_end - first_prompt_token, 0);
  sequence.furthest = std::max(sequence.furthest, end);
}

void Scheduler::advance(std::vector<Sequence*>& sampled) {
  sampled.clear();
  for (const ScheduledSequence& item : plan_.items) {
    Sequence& sequence = *item.sequence;
    const bool samples = item.samples();
    account_computed(sequence, item.num_tokens);
    check(!sequence.awaits_token(), "a step is followed before the tokens it read are known");
    sequence.num_computed += item.num_tokens;
    blocks_.publish(sequence.blocks, sequence.computed_tokens());
    if (!samples) continue;
    sequence.await_token(static_cast<std::int32_t>(sampled.size()));
    sampled.push_back(&sequence);
    if (sequence.finished()) blocks_.release(sequence.blocks);
  }
  std::erase_if(running_, [](const Sequence* sequence) { return sequence->finished(); });
  plan_.clear();
}

void Scheduler::commit(std::span<const std::int32_t> next_tokens) {
  advance(sampled_);
  check(next_tokens.size() == sampled_.size(), "one token for each sequence that samples");
  for (std::size_t i = 0; i < sampled_.size(); ++i) sampled_[i]->learn_token(next_tokens[i]);
}

}  // namespace tpscale
