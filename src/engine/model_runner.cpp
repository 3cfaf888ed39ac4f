#include "engine/model_runner.h"

namespace tpscale {
namespace {

std::size_t bytes_of_ids(std::int64_t count) {
  return static_cast<std::size_t>(count) * sizeof(std::int32_t);
}

}  // namespace

ModelRunner::ModelRunner(Backend& backend, Transformer& transformer, KvCache& cache, const StepLimits& limits)
    : backend_(backend),
      transformer_(transformer),
      cache_(cache),
      inputs_(backend, limits),
      chosen_(backend.allocate(bytes_of_ids(limits.max_sequences), MemoryKind::kActivations)),
      fetches_{backend.make_fetch(bytes_of_ids(limits.max_sequences)),
               backend.make_fetch(bytes_of_ids(limits.max_sequences))},
      graphs_(backend, limits.max_sequences) {}

void ModelRunner::capture(const Execution& execution) {
  graphs_.capture([&](std::int64_t rows) -> std::function<void()> {
    inputs_.write_padding(rows);
    inputs_.upload();
    return [this, execution, batch = inputs_.batch(), sources = inputs_.sources()] {
      run(execution, batch, sources);
    };
  });
}

void ModelRunner::prepare(const StepPlan& plan, bool graphs) {
  const bool decode = plan.prefill_tokens == 0;
  bucket_ = graphs && decode ? graphs_.bucket_for(static_cast<std::int64_t>(plan.items.size())) : 0;
  inputs_.write(plan, transformer_, bucket_);
}

void ModelRunner::run(const Execution& execution, const BatchView& batch, const std::int32_t* sources) {
  auto* const chosen = chosen_.as<std::int32_t>();
  if (sources != nullptr) {
    execution.ops.feed_tokens(inputs_.token_ids(), sources, batch.num_tokens, chosen);
  }
  transformer_.next_tokens(execution, batch, cache_.layers(), chosen);
}

HostFetch& ModelRunner::enqueue(const Execution& execution) {
  inputs_.upload();
  if (bucket_ > 0) {
    graphs_.launch(bucket_);
  } else {
    run(execution, inputs_.batch(), inputs_.fed() ? inputs_.sources() : nullptr);
  }
  HostFetch& fetch = *fetches_[turn_];
  turn_ = 1 - turn_;
  fetch.start(chosen_.data(), bytes_of_ids(inputs_.shape().num_logits));
  return fetch;
}

TensorView ModelRunner::hidden_states(const Execution& execution) {
  inputs_.upload();
  return transformer_.forward(execution, inputs_.batch(), cache_.layers());
}

}  // namespace tpscale
