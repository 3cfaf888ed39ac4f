#include "bench/micro/linear_benchmark.h"

#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "bench/micro/shapes.h"
#include "core/counter_rng.h"

namespace tpscale {
namespace {

struct Layer {
  const char* name;
  std::int64_t outs;
  std::int64_t ins;
  int copies;
};
constexpr std::array kLayers = {
    Layer{"qkv", Qwen3Small::kQkv, Qwen3Small::kHidden, Qwen3Small::kLayers},
    Layer{"o", Qwen3Small::kHidden, Qwen3Small::kQ, Qwen3Small::kLayers},
    Layer{"gate_up", 2 * Qwen3Small::kIntermediate, Qwen3Small::kHidden, Qwen3Small::kLayers},
    Layer{"down", Qwen3Small::kHidden, Qwen3Small::kIntermediate, Qwen3Small::kLayers},
    Layer{"head", Qwen3Small::kVocabulary, Qwen3Small::kHidden, 1}};

struct Case {
  std::vector<Layer> layers;
  std::string name;
  Dtype dtype;
  std::string linear;
  int threads;
  std::int64_t rows;
};

std::vector<std::unique_ptr<LinearWeights>> make_weights(BenchDevice& device, const Case& self) {
  std::vector<std::unique_ptr<LinearWeights>> weights;
  for (const Layer& layer : self.layers) {
    constexpr std::int64_t kRows = 256;
    std::vector<BFloat16> values(static_cast<std::size_t>(kRows * layer.ins));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = BFloat16(counter_normal(7, i));
    for (int copy = 0; copy < layer.copies; ++copy) {
      weights.push_back(device.ops().make_linear(layer.outs, layer.ins, self.dtype, false));
      for (std::int64_t row = 0; row < layer.outs; row += kRows) {
        const std::int64_t count = std::min(kRows, layer.outs - row);
        weights.back()->write_rows(row, ConstTensorView(values.data(), Dtype::kBF16, count, layer.ins));
      }
    }
  }
  return weights;
}

void run(benchmark::State& state, BenchDevices& devices, const Case& self) {
  BenchDevice& device = devices.get(self.threads, self.linear);
  const auto weights = make_weights(device, self);
  std::int64_t widest = 0;
  double elements = 0.0;
  for (const auto& layer : weights) {
    widest = std::max({widest, layer->out_features(), layer->in_features()});
    elements += static_cast<double>(layer->out_features() * layer->in_features());
  }
  const Buffer x = random_tensor(device.backend(), self.dtype, self.rows * widest, 3);
  const Buffer out = device.backend().allocate(
      static_cast<std::size_t>(self.rows * widest) * size_of(self.dtype), MemoryKind::kActivations);
  const auto pass = [&] {
    for (const auto& layer : weights) {
      device.ops().linear({out.data(), self.dtype, self.rows, layer->out_features()},
                          ConstTensorView(x.data(), self.dtype, self.rows, layer->in_features()), *layer,
                          nullptr);
    }
  };
  pass();
  for (auto _ : state) pass();
  const double flops = 2.0 * static_cast<double>(self.rows) * elements;
  const double bytes = elements * static_cast<double>(size_of(self.dtype));
  using benchmark::Counter;
  constexpr auto kRate = Counter::kIsIterationInvariantRate;
  state.counters["flops"] = Counter(flops, kRate);
  state.counters["of_peak"] = Counter(flops / device.multiply_add_peak(self.dtype), kRate);
  state.counters["bytes"] = Counter(bytes, kRate);
  state.counters["of_read"] = Counter(bytes / device.read_bandwidth(), kRate);
}

void add(const std::shared_ptr<BenchDevices>& devices, const Case& self) {
  const std::string name = "linear/" + self.name + "/" + std::string(to_string(self.dtype)) + "/" +
                           self.linear + "/threads:" + std::to_string(self.threads) +
                           "/rows:" + std::to_string(self.rows);
  benchmark::RegisterBenchmark(name.c_str(),
                               [devices, self](benchmark::State& state) { run(state, *devices, self); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void register_linear_benchmarks(const std::shared_ptr<BenchDevices>& devices,
                                const std::vector<int>& threads) {
  for (const Dtype dtype : {Dtype::kBF16, Dtype::kF32}) {
    for (const int count : threads) {
      for (const std::int64_t rows : {1, 8, 32, 512}) {
        for (const char* arm : {"packed", "onednn"}) {
          add(devices, {{kLayers.begin(), kLayers.end()}, "model", dtype, arm, count, rows});
          for (const Layer& layer : kLayers) add(devices, {{layer}, layer.name, dtype, arm, count, rows});
        }
      }
    }
  }
}

}  // namespace tpscale
