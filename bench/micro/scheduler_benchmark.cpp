#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "bench/micro/families.h"
#include "engine/scheduler.h"

namespace tpscale {
namespace {

/// Sequences that decode together; when all have run out, start() lets the same ones come again.
class Decoding {
 public:
  Decoding(std::string policy, std::int64_t sequences, std::int64_t context, std::int64_t block)
      : policy_(std::move(policy)),
        context_(context),
        blocks_(sequences * blocks_for(context + kNewTokens, block) + sequences, block, {}),
        sequences_(static_cast<std::size_t>(sequences)),
        chosen_(static_cast<std::size_t>(sequences), 7) {
    start();
  }

  void step() {
    const StepPlan& plan = scheduler_->schedule();
    const auto samples = std::ranges::count_if(plan.items, &ScheduledSequence::samples);
    scheduler_->commit(std::span(chosen_).first(static_cast<std::size_t>(samples)));
  }
  bool idle() const { return scheduler_->idle(); }

  /// Every prompt computed: the steps that follow are decodes.
  void start() {
    scheduler_.reset();
    const auto count = static_cast<std::int64_t>(sequences_.size());
    const SchedulerLimits limits{count, std::max<std::int64_t>(16384, count)};
    scheduler_ = make_scheduler(policy_, blocks_, limits, count);
    for (std::size_t i = 0; i < sequences_.size(); ++i) {
      Sequence& sequence = sequences_[i] = Sequence{};
      sequence.id = static_cast<std::int64_t>(i);
      sequence.num_prompt_tokens = context_;
      sequence.max_new_tokens = kNewTokens;
      sequence.tokens.reserve(static_cast<std::size_t>(context_ + kNewTokens));
      sequence.tokens.assign(static_cast<std::size_t>(context_), 1);
      scheduler_->add(sequence);
    }
    const auto prefilling = [](const Sequence& s) { return s.num_computed < s.num_prompt_tokens; };
    while (std::ranges::any_of(sequences_, prefilling)) step();
  }

 private:
  static constexpr std::int64_t kNewTokens = 1024;

  std::string policy_;
  std::int64_t context_;
  BlockManager blocks_;
  std::vector<Sequence> sequences_;
  std::vector<std::int32_t> chosen_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace

void register_scheduler(const Families& all) {
  const std::int64_t context = all.options.context.front(), block = all.options.block_size.front();
  for (const char* policy : {"separated", "mixed"}) {
    for (const std::int64_t sequences : all.options.sequences) {
      CaseName name("scheduler", policy);
      name.number("sequences", sequences).number("context", context).number("block", block);
      all.suite.add(name, [policy, sequences, context, block] {
        const auto decoding = std::make_shared<Decoding>(policy, sequences, context, block);
        Work work{rate("steps", "step", 1.0)};
        return Prepared{[decoding] { decoding->step(); }, std::move(work), nullptr,
                        [decoding] { return decoding->idle(); }, [decoding] { decoding->start(); }};
      });
    }
  }
}

}  // namespace tpscale
