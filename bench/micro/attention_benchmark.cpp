#include "bench/micro/attention_benchmark.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

#include "bench/micro/shapes.h"

namespace tpscale {
namespace {

struct Case {
  Dtype dtype;
  int threads;
  std::int64_t sequences;
  std::int64_t queries;  ///< of each sequence, the last ones of its context
  std::int64_t context;
};

constexpr std::int64_t kBlockSize = 16;

/// A batch of equal sequences whose blocks lie interleaved, as an engine that runs them together leaves them.
struct Batch {
  Batch(Backend& backend, const Case& self)
      : blocks((self.context + kBlockSize - 1) / kBlockSize),
        starts(backend.allocate(bytes(self.sequences + 1), MemoryKind::kOther)),
        contexts(backend.allocate(bytes(self.sequences), MemoryKind::kOther)),
        tables(backend.allocate(bytes(self.sequences * blocks), MemoryKind::kOther)) {
    std::vector<std::int32_t> start, context, table;
    for (std::int64_t s = 0; s < self.sequences; ++s) {
      start.push_back(static_cast<std::int32_t>(s * self.queries));
      context.push_back(static_cast<std::int32_t>(self.context));
      for (std::int64_t b = 0; b < blocks; ++b)
        table.push_back(static_cast<std::int32_t>(b * self.sequences + s));
    }
    start.push_back(static_cast<std::int32_t>(self.sequences * self.queries));
    backend.upload(starts.data(), start.data(), starts.bytes());
    backend.upload(contexts.data(), context.data(), contexts.bytes());
    backend.upload(tables.data(), table.data(), tables.bytes());
    view.num_tokens = self.sequences * self.queries;
    view.num_sequences = self.sequences;
    view.max_blocks = blocks;
    view.max_query_len = self.queries;
    view.max_context_len = self.context;
    view.cu_seqlens_q = starts.as<std::int32_t>();
    view.context_lens = contexts.as<std::int32_t>();
    view.block_tables = tables.as<std::int32_t>();
  }
  static std::size_t bytes(std::int64_t count) {
    return static_cast<std::size_t>(count) * sizeof(std::int32_t);
  }

  std::int64_t blocks;
  Buffer starts, contexts, tables;
  BatchView view;
};

void run(benchmark::State& state, BenchDevices& devices, const Case& self) {
  BenchDevice& device = devices.get(self.threads, "packed");
  Backend& backend = device.backend();
  const HeadLayout heads{Qwen3Small::kHeads, Qwen3Small::kKvHeads, Qwen3Small::kHeadDim};
  const Batch batch(backend, self);
  const std::int64_t tokens = self.sequences * self.queries;
  KvLayerView kv;
  kv.dtype = self.dtype;
  kv.num_blocks = batch.blocks * self.sequences;
  kv.block_size = kBlockSize;
  kv.num_kv_heads = heads.num_kv_heads;
  kv.head_dim = heads.head_dim;
  kv.block_stride = kBlockSize * heads.kv_cols();
  const Buffer keys = random_tensor(backend, self.dtype, kv.num_blocks * kv.block_stride, 1);
  const Buffer values = random_tensor(backend, self.dtype, kv.num_blocks * kv.block_stride, 2);
  kv.keys = keys.data();
  kv.values = values.data();
  const Buffer q = random_tensor(backend, self.dtype, tokens * heads.qkv_cols(), 3);
  const Buffer out = random_tensor(backend, self.dtype, tokens * heads.q_cols(), 4);
  const float scale = 1.0F / std::sqrt(static_cast<float>(heads.head_dim));
  for (auto _ : state) {
    device.ops().paged_attention({out.data(), self.dtype, tokens, heads.q_cols()},
                                 ConstTensorView(q.data(), self.dtype, tokens, heads.qkv_cols()), heads,
                                 batch.view, kv, scale, 0);
  }
  const double pairs = static_cast<double>(self.sequences * heads.num_heads) *
                       static_cast<double>(self.queries * (2 * self.context - self.queries + 1)) / 2;
  const double flops = 4.0 * pairs * static_cast<double>(heads.head_dim);
  const double bytes = 2.0 * static_cast<double>(self.sequences * self.context * heads.kv_cols()) *
                       static_cast<double>(size_of(self.dtype));
  using benchmark::Counter;
  constexpr auto kRate = Counter::kIsIterationInvariantRate;
  state.counters["flops"] = Counter(flops, kRate);
  state.counters["of_peak"] = Counter(flops / device.multiply_add_peak(Dtype::kF32), kRate);
  state.counters["bytes"] = Counter(bytes, kRate);
  state.counters["of_read"] = Counter(bytes / device.read_bandwidth(), kRate);
}

void add(const std::shared_ptr<BenchDevices>& devices, const char* kind, const Case& self) {
  const std::string name = std::string("attention/") + kind + "/" + std::string(to_string(self.dtype)) +
                           "/threads:" + std::to_string(self.threads) +
                           "/sequences:" + std::to_string(self.sequences) +
                           "/context:" + std::to_string(self.context);
  benchmark::RegisterBenchmark(name.c_str(),
                               [devices, self](benchmark::State& state) { run(state, *devices, self); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

void register_attention_benchmarks(const std::shared_ptr<BenchDevices>& devices,
                                   const std::vector<int>& threads) {
  for (const Dtype dtype : {Dtype::kBF16, Dtype::kF32}) {
    for (const int count : threads) {
      for (const std::int64_t sequences : {1, 8, 32}) {
        for (const std::int64_t context : {128, 1024})
          add(devices, "decode", {dtype, count, sequences, 1, context});
      }
      for (const std::int64_t context : {512, 2048})
        add(devices, "prefill", {dtype, count, 1, context, context});
    }
  }
}

}  // namespace tpscale
