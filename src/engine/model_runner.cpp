#include "engine/model_runner.h"

namespace tpscale {

ModelRunner::ModelRunner(Backend& backend, Transformer& transformer, KvCache& cache, const StepLimits& limits)
    : backend_(backend),
      transformer_(transformer),
      cache_(cache),
      inputs_(backend, limits),
      device_ids_(backend.allocate(static_cast<std::size_t>(limits.max_sequences) * sizeof(std::int32_t),
                                   MemoryKind::kActivations)),
      host_ids_(static_cast<std::size_t>(limits.max_sequences)) {}

void ModelRunner::prepare(const StepPlan& plan) {
  batch_ = inputs_.prepare(plan, transformer_);
}

std::span<const std::int32_t> ModelRunner::next_tokens(const Execution& execution) {
  const auto count = static_cast<std::size_t>(batch_.num_logits);
  if (count == 0) {  // the middle of a long prompt: keys and values only
    transformer_.forward(execution, batch_, cache_.layers());
    backend_.stream().synchronize();
    return {};
  }
  transformer_.next_tokens(execution, batch_, cache_.layers(), device_ids_.as<std::int32_t>());
  backend_.download(host_ids_.data(), device_ids_.data(), count * sizeof(std::int32_t));
  return std::span(host_ids_).first(count);
}

TensorView ModelRunner::hidden_states(const Execution& execution) {
  return transformer_.forward(execution, batch_, cache_.layers());
}

}  // namespace tpscale
