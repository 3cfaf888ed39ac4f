#include <algorithm>
#include <array>

#include "core/error.h"
#include "engine/scheduler.h"

namespace tpscale {
namespace {

class SeparatedScheduler final : public Scheduler {
 public:
  using Scheduler::Scheduler;

 private:
  void fill(StepPlan& plan) override {
    // The first prompt may be cut; its rest is the first of the next step, so at most one is ever half done.
    Sequence* first = !running().empty() && running().back()->prefilling() ? running().back() : admit_next();
    while (first != nullptr) {
      plan.add(*first, std::min(first->num_to_compute(), budget()));
      first = admit_next(budget());
    }
    if (plan.empty()) plan_decodes(plan);
  }
};

class MixedScheduler final : public Scheduler {
 public:
  using Scheduler::Scheduler;

 private:
  void fill(StepPlan& plan) override {
    const auto preemptions = counts().preemptions;
    plan_decodes(plan);
    for (Sequence* sequence : running()) {
      if (!sequence->prefilling() || budget() == 0) continue;
      plan.add(*sequence, std::min(sequence->num_to_compute(), budget()));
    }
    // After a preemption blocks are scarce: whoever came in now would be the next to go.
    if (counts().preemptions != preemptions && !plan.empty()) return;
    while (Sequence* sequence = admit_next()) {
      plan.add(*sequence, std::min(sequence->num_to_compute(), budget()));
    }
  }
};

template <class Policy>
std::unique_ptr<Scheduler> make(BlockManager& blocks, const SchedulerLimits& limits,
                                std::int64_t max_sequences) {
  return std::make_unique<Policy>(blocks, limits, max_sequences);
}

struct NamedPolicy {
  std::string_view name;
  std::unique_ptr<Scheduler> (*make)(BlockManager&, const SchedulerLimits&, std::int64_t);
};
constexpr std::array kPolicies = {NamedPolicy{"separated", make<SeparatedScheduler>},
                                  NamedPolicy{"mixed", make<MixedScheduler>}};

}  // namespace

bool is_scheduler(std::string_view name) {
  return std::ranges::any_of(kPolicies, [&](const NamedPolicy& policy) { return policy.name == name; });
}

std::string scheduler_names() {
  std::string names;
  for (const NamedPolicy& policy : kPolicies) names += (names.empty() ? "" : ", ") + std::string(policy.name);
  return names;
}

std::unique_ptr<Scheduler> make_scheduler(std::string_view name, BlockManager& blocks,
                                          const SchedulerLimits& limits, std::int64_t max_sequences) {
  for (const NamedPolicy& policy : kPolicies) {
    if (policy.name == name) return policy.make(blocks, limits, max_sequences);
  }
  throw UsageError("scheduler '" + std::string(name) + "' is unknown; there are: " + scheduler_names());
}

}  // namespace tpscale
