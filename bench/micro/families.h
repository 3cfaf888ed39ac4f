#pragma once
#include <memory>
#include <string>

#include "bench/micro/bench_device.h"
#include "bench/micro/options.h"
#include "bench/micro/suite.h"

namespace tpscale {

/// What every family gets to register itself.
struct Families {
  Suite& suite;
  std::shared_ptr<BenchDevices> devices;
  MicroOptions options;
  std::string scratch;  ///< an empty folder of this process
};

void register_linear(const Families& all);         ///< linear layers, alone and as a whole model, and fused
void register_rows(const Families& all);           ///< norms, activations, lookups, choices
void register_attention(const Families& all);      ///< prefill and decode over the paged cache
void register_cached(const Families& all);         ///< what writes and cuts the cache
void register_kv_copies(const Families& all);      ///< cache to the host and back
void register_block_manager(const Families& all);  ///< blocks given out and taken back
void register_scheduler(const Families& all);      ///< the plan of a step
void register_loading(const Families& all);        ///< checkpoints
void register_store(const Families& all);          ///< finished points
void register_tokenizers(const Families& all);     ///< the project's own sources as text

}  // namespace tpscale
