#include "bench/trial/memory_account.h"

#include <string>

#include "bench/trial/agreement.h"
#include "bench/trial/timed_trial.h"
#include "core/error.h"

namespace tpscale {

std::vector<Samples> account_memory(Backend& backend, Communicator& group, std::size_t communication_bytes,
                                    const EngineSizes& sizes) {
  const MemoryUse use = backend.memory().use();
  const DeviceMemory device = backend.device_memory();
  if (!backend.memory_is_host() && (use.peak == 0 || device.peak_bytes == 0)) {
    throw Error(ExitCode::kFailure,
                "the peak memory of " + backend.device_name() +
                    " reads 0 B, which cannot be; is its driver's management library in order?");
  }
  const auto communication = static_cast<double>(communication_bytes);
  const auto view = static_cast<double>(device.used_bytes);
  std::vector<std::pair<std::string, double>> mine;
  for (const MemoryKind kind :
       {MemoryKind::kWeights, MemoryKind::kKvCache, MemoryKind::kActivations, MemoryKind::kOther}) {
    mine.emplace_back(to_string(kind), static_cast<double>(use.by_kind[static_cast<std::size_t>(kind)]));
  }
  mine.emplace_back("peak", static_cast<double>(use.peak));
  mine.emplace_back("communication", communication);
  mine.emplace_back("device_view", view);
  mine.emplace_back("device_view_peak", static_cast<double>(device.peak_bytes));
  mine.emplace_back("unaccounted", view - static_cast<double>(use.total) - communication);
  mine.emplace_back("weights_predicted", static_cast<double>(sizes.weight_bytes));
  mine.emplace_back("kv_cache_predicted", static_cast<double>(sizes.kv_bytes));
  mine.emplace_back("activations_predicted", static_cast<double>(sizes.activation_bytes));

  std::vector<double> values;
  values.reserve(mine.size());
  for (const auto& [name, value] : mine) values.push_back(value);
  const auto all = gather(group, values);
  std::vector<Samples> samples;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    Samples& one =
        samples.emplace_back(rank_samples("memory_" + mine[i].first, "B", "none", "memory", group.size()));
    auto& row = one.rows.emplace_back();
    for (const auto& rank : all) row.push_back(rank[i]);
  }
  return samples;
}

}  // namespace tpscale
