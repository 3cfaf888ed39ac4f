#include "bench/micro/row_benchmark.h"

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "bench/micro/shapes.h"

namespace tpscale {
namespace {

/// An op on `rows` rows; `elements` it reads and writes a row.
struct RowOp {
  const char* name;
  std::int64_t elements;
  std::function<void(Ops&, Dtype, std::int64_t rows, void* out, void* in, const float* weight)> call;
};

const std::vector<RowOp>& row_ops() {
  using Q = Qwen3Small;
  static const std::vector<RowOp> all = {
      {"rms_norm", 2 * Q::kHidden,
       [](Ops& ops, Dtype dtype, std::int64_t rows, void* out, void* in, const float* weight) {
         ops.rms_norm({out, dtype, rows, Q::kHidden}, ConstTensorView(in, dtype, rows, Q::kHidden), weight,
                      1e-6F);
       }},
      {"add_rms_norm", 4 * Q::kHidden,
       [](Ops& ops, Dtype dtype, std::int64_t rows, void* out, void* in, const float* weight) {
         const TensorView residual(in, dtype, rows, Q::kHidden);
         ops.add_rms_norm({out, dtype, rows, Q::kHidden}, residual, residual, weight, 1e-6F);
       }},
      {"silu_and_mul", 3 * Q::kIntermediate,
       [](Ops& ops, Dtype dtype, std::int64_t rows, void* out, void* in, const float*) {
         ops.silu_and_mul({out, dtype, rows, Q::kIntermediate},
                          ConstTensorView(in, dtype, rows, 2 * Q::kIntermediate));
       }},
      {"argmax", Q::kVocabulary,
       [](Ops& ops, Dtype dtype, std::int64_t rows, void* out, void* in, const float*) {
         ops.argmax(static_cast<std::int32_t*>(out), ConstTensorView(in, dtype, rows, Q::kVocabulary), 1,
                    Q::kVocabulary);
       }}};
  return all;
}

void run(benchmark::State& state, BenchDevices& devices, const RowOp& op, Dtype dtype, int threads,
         std::int64_t rows) {
  BenchDevice& device = devices.get(threads, "packed");
  const std::int64_t widest =
      op.elements > Qwen3Small::kVocabulary - 1 ? op.elements : 3 * Qwen3Small::kIntermediate;
  const Buffer in = random_tensor(device.backend(), dtype, rows * widest, 1);
  const Buffer out = random_tensor(device.backend(), dtype, rows * Qwen3Small::kIntermediate, 2);
  const Buffer weight = random_tensor(device.backend(), Dtype::kF32, Qwen3Small::kHidden, 3);
  for (auto _ : state) op.call(device.ops(), dtype, rows, out.data(), in.data(), weight.as<float>());
  const double bytes = static_cast<double>(rows * op.elements) * static_cast<double>(size_of(dtype));
  using benchmark::Counter;
  state.counters["bytes"] = Counter(bytes, Counter::kIsIterationInvariantRate);
}

}  // namespace

void register_row_benchmarks(const std::shared_ptr<BenchDevices>& devices, const std::vector<int>& threads) {
  for (const RowOp& op : row_ops()) {
    for (const Dtype dtype : {Dtype::kBF16, Dtype::kF32}) {
      for (const int count : threads) {
        for (const std::int64_t rows : {1, 32, 512}) {
          if (rows > 32 && op.elements == Qwen3Small::kVocabulary) continue;
          const std::string name = std::string("row/") + op.name + "/" + std::string(to_string(dtype)) +
                                   "/threads:" + std::to_string(count) + "/rows:" + std::to_string(rows);
          benchmark::RegisterBenchmark(name.c_str(),
                                       [devices, &op, dtype, count, rows](benchmark::State& state) {
                                         run(state, *devices, op, dtype, count, rows);
                                       })
              ->UseRealTime()
              ->Unit(benchmark::kMicrosecond);
        }
      }
    }
  }
}

}  // namespace tpscale
