#include "engine/serving_run.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "engine/make_sequence.h"

namespace tpscale {
namespace {

constexpr std::size_t kMostReservedSteps = 1 << 16;
constexpr double kLongestSleepSeconds = 0.02;  // the other ranks wait in a collective meanwhile

}  // namespace

ServingRun::ServingRun(const RunParts& parts, const EngineOptions& options, const EngineSizes& sizes,
                       std::span<const Request> requests)
    : parts_(parts), arrivals_(requests, parts.comm) {
  const auto count = static_cast<std::int64_t>(requests.size());
  const SchedulerLimits limits = scheduler_limits(options, sizes);
  scheduler_ = make_scheduler(options.scheduler, parts.blocks, limits, count);
  sequences_.reserve(requests.size());
  result_.requests.resize(requests.size());
  for (Flight& flight : flights_) {
    flight.started.reserve(static_cast<std::size_t>(std::min(count, sizes.max_num_seqs)));
    flight.sampled.reserve(static_cast<std::size_t>(std::min(count, sizes.max_num_seqs)));
  }
  std::size_t steps = requests.size();
  for (const Request& request : requests) {
    const auto id = sequences_.size();
    sequences_.push_back(make_sequence(parts.config, request, static_cast<std::int64_t>(id), parts.blocks));
    const auto new_tokens = static_cast<std::size_t>(request.max_new_tokens);
    result_.requests[id].arrival_s = request.arrival_s;
    result_.requests[id].tokens.reserve(new_tokens);
    result_.requests[id].token_times_s.reserve(new_tokens);
    steps += new_tokens;
  }
  result_.steps.reserve(std::min(steps, kMostReservedSteps));
}

double ServingRun::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

RunResult ServingRun::serve(const Execution& execution,
                            const std::function<void(const StepRecord&)>& after_step) {
  after_step_ = after_step;
  start_ = std::chrono::steady_clock::now();
  while (true) {
    const double start_s = now();
    arrive(start_s);
    if (!scheduler_->idle()) {
      step(execution, start_s);
    } else if (in_flight_ != nullptr) {
      land();
    } else if (!arrivals_.exhausted()) {
      wait_for_arrival(start_s);
    } else {
      break;
    }
  }
  result_.wall_seconds = now();
  parts_.kv_use.blocks.store(0, std::memory_order_relaxed);
  parts_.kv_use.slots.store(0, std::memory_order_relaxed);
  const SchedulerCounts& counts = scheduler_->counts();
  result_.prompt_tokens_computed = counts.prompt_tokens_computed;
  result_.prompt_tokens_cached = counts.prompt_tokens_cached;
  result_.prompt_tokens_looked_up = counts.prompt_tokens_looked_up;
  result_.recomputed_tokens = counts.recomputed_tokens;
  result_.preemptions = counts.preemptions;
  for (const Sequence& sequence : sequences_) {
    RequestResult& request = result_.requests[static_cast<std::size_t>(sequence.id)];
    request.cached_prompt_tokens = sequence.cached_prompt_tokens;
    request.preemptions = sequence.preemptions;
  }
  return std::move(result_);
}

void ServingRun::arrive(double now_s) {
  for (const std::size_t request : arrivals_.take(now_s)) scheduler_->add(sequences_[request]);
}

void ServingRun::wait_for_arrival(double now_s) {
  // Every rank sleeps; rank 0's clock alone decides how long in the end.
  const double seconds = std::clamp(arrivals_.until_next(now_s), 0.0, kLongestSleepSeconds);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  result_.idle_seconds += now() - now_s;
}

void ServingRun::step(const Execution& execution, double start_s) {
  Flight& flight = flights_[turn_];
  turn_ = 1 - turn_;
  enqueue(execution, start_s, flight);
  if (parts_.run_ahead) {
    land();  // the step before it: what this one has read is known then
    scheduler_->advance(flight.sampled);
    in_flight_ = &flight;
    return;
  }
  flight.tokens->wait();
  const double known_s = now();
  scheduler_->advance(flight.sampled);
  settle(flight, known_s);
}

void ServingRun::enqueue(const Execution& execution, double start_s, Flight& flight) {
  const StepPlan& plan = scheduler_->schedule();
  const Range range(parts_.backend, plan.decode_tokens == 0    ? "prefill"
                                    : plan.prefill_tokens == 0 ? "decode"
                                                               : "mixed step");
  parts_.runner.prepare(plan, parts_.graphs);
  flight.record = StepRecord{.start_s = start_s,
                             .prefill_tokens = plan.prefill_tokens,
                             .decode_tokens = plan.decode_tokens,
                             .num_sequences = static_cast<std::int64_t>(plan.items.size()),
                             .shape = parts_.runner.shape(),
                             .prefill_flops_share = prefill_flops_share(plan),
                             .graph = parts_.runner.prepared_graph(),
                             .kv_blocks_used = parts_.blocks.usable_blocks() - parts_.blocks.free_blocks(),
                             .kv_slots_used = scheduler_->stored_tokens()};
  parts_.kv_use.blocks.store(flight.record.kv_blocks_used, std::memory_order_relaxed);
  parts_.kv_use.slots.store(flight.record.kv_slots_used, std::memory_order_relaxed);
  flight.started.clear();
  for (const ScheduledSequence& item : plan.items) {
    Sequence& sequence = *item.sequence;
    const bool first = sequence.preemptions == 0 && sequence.num_computed == sequence.cached_prompt_tokens;
    if (item.prefill && first) flight.started.push_back(&sequence);
  }
  flight.enqueue_s = now();
  flight.tokens = &parts_.runner.enqueue(execution);
  flight.record.enqueue_seconds = now() - flight.enqueue_s;
}

void ServingRun::land() {
  if (in_flight_ == nullptr) return;
  Flight& flight = *std::exchange(in_flight_, nullptr);
  flight.tokens->wait();
  settle(flight, now());
}

void ServingRun::settle(Flight& flight, double known_s) {
  StepRecord& record = flight.record;
  const auto* tokens = static_cast<const std::int32_t*>(flight.tokens->data());
  for (std::size_t i = 0; i < flight.sampled.size(); ++i) {
    flight.sampled[i]->learn_token(tokens[i]);
    RequestResult& request = result_.requests[static_cast<std::size_t>(flight.sampled[i]->id)];
    request.tokens.push_back(tokens[i]);
    request.token_times_s.push_back(known_s);
  }
  // Every second of the wall belongs to one step: what was planned and enqueued while the step before ran is
  // that one's time.
  const double enqueue_s = std::max(flight.enqueue_s, attributed_s_);
  record.start_s = std::max(record.start_s, attributed_s_);
  for (const Sequence* sequence : flight.started)
    result_.requests[static_cast<std::size_t>(sequence->id)].prefill_start_s = record.start_s;
  record.forward_seconds = known_s - enqueue_s;
  attributed_s_ = parts_.run_ahead ? known_s : now();
  record.schedule_seconds = enqueue_s - record.start_s + attributed_s_ - known_s;
  result_.steps.push_back(record);
  if (after_step_) after_step_(result_.steps.back());
}

double ServingRun::prefill_flops_share(const StepPlan& plan) const {
  if (plan.decode_tokens == 0) return 1.0;
  if (plan.prefill_tokens == 0) return 0.0;
  const auto flops = [&](const StepShape& shape) {
    return step_cost(parts_.config, parts_.shard, parts_.dtype, shape).flops();
  };
  return flops(parts_.runner.prefill_shape()) / flops(parts_.runner.shape());
}

}  // namespace tpscale
