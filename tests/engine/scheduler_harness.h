#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/scheduler.h"
#include "fake_model.h"

namespace tpscale::test {

inline constexpr std::int32_t kFakeVocab = 50;

/// A scheduler over a fake model, fed by hand.
struct SchedulerHarness {
  SchedulerHarness(const std::string& policy, std::int64_t num_blocks, std::int64_t block_size,
                   bool prefix_cache, const SchedulerLimits& limits)
      : blocks(num_blocks, block_size, {.prefix_cache = prefix_cache}),
        model(num_blocks, block_size, kFakeVocab),
        scheduler(make_scheduler(policy, blocks, limits, 1000)) {}

  Sequence& add(std::vector<std::int32_t> prompt, std::int64_t max_new_tokens) {
    auto sequence = std::make_unique<Sequence>();
    sequence->id = static_cast<std::int64_t>(sequences.size());
    sequence->num_prompt_tokens = static_cast<std::int64_t>(prompt.size());
    sequence->max_new_tokens = max_new_tokens;
    sequence->tokens = std::move(prompt);
    sequences.push_back(std::move(sequence));
    scheduler->add(*sequences.back());
    return *sequences.back();
  }
  Sequence& add(std::int64_t prompt_tokens, std::int64_t max_new_tokens) {
    const auto first = static_cast<std::int32_t>(sequences.size() * 7);
    std::vector<std::int32_t> prompt;
    for (std::int32_t i = 0; i < prompt_tokens; ++i) prompt.push_back((first + i * i) % kFakeVocab);
    return add(std::move(prompt), max_new_tokens);
  }

  /// One step, described as "id:tokens" pairs, a p behind those of prefill: "0:4p 1:1". With `ahead` it is
  /// planned before the tokens of the step before it are known.
  std::string step() {
    const StepPlan& plan = scheduler->schedule();
    std::string text;
    for (const ScheduledSequence& item : plan.items) {
      text += (text.empty() ? "" : " ") + std::to_string(item.sequence->id) + ":" +
              std::to_string(item.num_tokens) + (item.prefill ? "p" : "");
    }
    learn();
    const auto tokens = model.run(plan);
    scheduler->advance(sampled);
    withheld = tokens;
    if (!ahead) learn();
    return text;
  }
  /// Tells the sequences the tokens of the last step.
  void learn() {
    for (std::size_t i = 0; i < withheld.size(); ++i) sampled.at(i)->learn_token(withheld[i]);
    withheld.clear();
  }
  std::int64_t finish() {
    std::int64_t steps = 0;
    for (; !scheduler->idle(); ++steps) step();
    learn();
    return steps;
  }
  std::vector<std::int32_t> generated(const Sequence& sequence) const {
    return {sequence.tokens.begin() + sequence.num_prompt_tokens, sequence.tokens.end()};
  }
  std::vector<std::int32_t> alone(const Sequence& sequence) const {
    return model.generate({sequence.tokens.begin(), sequence.tokens.begin() + sequence.num_prompt_tokens},
                          sequence.max_new_tokens);
  }

  BlockManager blocks;
  FakeModel model;
  std::vector<std::unique_ptr<Sequence>> sequences;
  std::unique_ptr<Scheduler> scheduler;
  bool ahead = false;
  std::vector<Sequence*> sampled;      ///< by the last step
  std::vector<std::int32_t> withheld;  ///< their tokens, while nobody knows them
};

}  // namespace tpscale::test
