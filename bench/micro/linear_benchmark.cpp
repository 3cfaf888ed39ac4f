#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "bench/micro/families.h"
#include "bench/micro/rank_shape.h"
#include "core/counter_rng.h"
#include "core/error.h"

namespace tpscale {
namespace {

/// Weights of one layer's copies together: no cache holds them, as in a model whose other layers come
/// between.
constexpr double kColdBytes = 512.0 * (1 << 20);
/// Of a layer so small that a cache holds it whatever comes between, these are enough.
constexpr std::int64_t kMostCopies = 1024;

enum class Fusion { kNone, kSilu, kNorm, kNormSilu };

struct Setting {
  std::vector<LinearShape> layers;
  Dtype dtype;
  std::int64_t rows;
  DeviceChoice choice;
  Fusion fusion = Fusion::kNone;
  bool whole = false;  ///< an iteration is a pass over all copies of all layers, not one copy's turn
};

/// The weights, inputs and outputs of linear layers of any widths.
struct Pass {
  Pass(BenchDevice& device_, const Setting& setting_) : device(device_), setting(setting_) {
    make_weights();
    std::int64_t widest = 0;
    for (const auto& layer : weights) {
      widest = std::max({widest, layer->out_features(), layer->in_features()});
      held += static_cast<double>(layer->out_features() * layer->in_features());
    }
    Backend& backend = device.backend();
    const std::int64_t count = setting.rows * widest;
    x = random_tensor(backend, setting.dtype, count, 3);
    if (setting.fusion != Fusion::kNone) now = random_tensor(backend, setting.dtype, count, 5);
    for (Buffer* buffer : {&out, &gate_up, &next}) {
      if (buffer == &out || setting.fusion != Fusion::kNone)
        *buffer = backend.allocate(static_cast<std::size_t>(count) * size_of(setting.dtype),
                                   MemoryKind::kActivations);
    }
    norm = random_tensor(backend, Dtype::kF32, widest, 4);
  }

  void once() {
    if (setting.whole) {
      for (const auto& layer : weights) run(*layer);
    } else {
      run(*weights[turn]);
      turn = turn + 1 < weights.size() ? turn + 1 : 0;
    }
  }
  /// Elements of the weights that an iteration reads.
  double used() const { return setting.whole ? held : held / static_cast<double>(weights.size()); }

  BenchDevice& device;
  Setting setting;
  std::vector<std::unique_ptr<LinearWeights>> weights;
  double held = 0.0;     ///< elements of all weights
  std::size_t turn = 0;  ///< the copy whose it is
  Buffer x, out, gate_up, now, next, norm;

 private:
  TensorView view(const Buffer& buffer, std::int64_t cols) const {
    return {buffer.data(), setting.dtype, setting.rows, cols};
  }

  void run(const LinearWeights& layer) {
    Ops& ops = device.ops();
    const std::int64_t outs = layer.out_features(), ins = layer.in_features();
    ResidualStream residual{view(now, ins), view(next, ins)};
    const PendingNorm pending{view(x, ins), norm.as<float>(), 1e-6F, residual.next};
    switch (setting.fusion) {
      case Fusion::kNone:
        return ops.linear(view(out, outs), view(x, ins), layer, nullptr);
      case Fusion::kSilu:
        return ops.linear_silu_and_mul(view(out, outs / 2), view(x, ins), layer, nullptr,
                                       view(gate_up, outs));
      case Fusion::kNorm:
        return ops.add_rms_norm_linear(view(out, outs), residual, pending, layer, nullptr);
      case Fusion::kNormSilu:
        return ops.add_rms_norm_linear_silu_and_mul(view(out, outs / 2), residual, pending, layer, nullptr,
                                                    view(gate_up, outs));
    }
  }

  /// Refused before it is tried: a CPU would give the memory and then take that of others.
  void require_memory() const {
    double bytes = 0.0;
    for (const LinearShape& layer : setting.layers)
      bytes += static_cast<double>(layer.copies * layer.outs * layer.ins) *
               static_cast<double>(size_of(setting.dtype));
    const std::size_t free = device.backend().device_memory().available_bytes;
    if (bytes > 0.8 * static_cast<double>(free)) {
      throw OutOfMemoryError("its weights are " + std::to_string(static_cast<std::int64_t>(bytes)) +
                                 " B and " + std::to_string(free) + " B are free",
                             static_cast<std::size_t>(bytes), free);
    }
  }

  void make_weights() {
    require_memory();
    for (const LinearShape& layer : setting.layers) {
      constexpr std::int64_t kRows = 256;
      std::vector<BFloat16> values(static_cast<std::size_t>(kRows * layer.ins));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = BFloat16(counter_normal(7, i));
      for (std::int64_t copy = 0; copy < layer.copies; ++copy) {
        weights.push_back(device.ops().make_linear(layer.outs, layer.ins, setting.dtype, false));
        if (copy == 0) device.ops().tune_linear(setting.rows, *weights.back());
        for (std::int64_t row = 0; row < layer.outs; row += kRows) {
          const std::int64_t count = std::min(kRows, layer.outs - row);
          weights.back()->write_rows(row, ConstTensorView(values.data(), Dtype::kBF16, count, layer.ins));
        }
      }
    }
  }
};

/// One copy more than kColdBytes hold.
LinearShape cold(LinearShape layer, Dtype dtype) {
  const double bytes = static_cast<double>(layer.outs * layer.ins) * static_cast<double>(size_of(dtype));
  layer.copies = std::min(kMostCopies, static_cast<std::int64_t>(kColdBytes / bytes) + 1);
  return layer;
}

void add(const Families& all, const std::string& family, const std::string& op, const RankShape& shape,
         const Setting& setting) {
  CaseName name(family, op);
  name.word("model", shape.config.name).number("tp", shape.shard.tp_size).number("rows", setting.rows);
  name.word("dtype", std::string(to_string(setting.dtype)));
  all.devices->name(name, setting.choice, true);
  if (!setting.whole) name.fact("copies", setting.layers.front().copies);
  all.suite.add(
      name,
      [devices = all.devices, setting] {
        BenchDevice& device = devices->get(setting.choice);
        const auto pass = std::make_shared<Pass>(device, setting);
        const auto size = static_cast<double>(size_of(setting.dtype));
        Work work = device.computed(2.0 * static_cast<double>(setting.rows) * pass->used(), setting.dtype);
        const Work moved = device.bytes_moved(pass->used() * size, pass->held * size);
        work.insert(work.end(), moved.begin(), moved.end());
        return Prepared{[pass] { pass->once(); }, work, &device.backend()};
      },
      setting.whole ? benchmark::kMillisecond : benchmark::kMicrosecond);
}

void add_fused(const Families& all, const RankShape& shape, Setting setting) {
  const auto layers = shape.linear_layers();
  setting.layers = {cold(layers[0], setting.dtype)};
  setting.fusion = Fusion::kNorm;
  add(all, "fused", "add_rms_norm_linear", shape, setting);
  if (!shape.config.gated_mlp()) return;
  setting.layers = {cold(layers[2], setting.dtype)};
  setting.fusion = Fusion::kSilu;
  add(all, "fused", "linear_silu_and_mul", shape, setting);
  setting.fusion = Fusion::kNormSilu;
  add(all, "fused", "add_rms_norm_linear_silu_and_mul", shape, setting);
}

}  // namespace

void register_linear(const Families& all) {
  for (const RankShape& shape : rank_shapes(all.options)) {
    for (const Dtype dtype : all.devices->dtypes()) {
      for (const DeviceChoice& choice : all.devices->choices()) {
        for (const std::int64_t rows : all.options.rows) {
          add(all, "linear", "model", shape,
              {shape.linear_layers(), dtype, rows, choice, Fusion::kNone, true});
          for (const LinearShape& layer : shape.linear_layers())
            add(all, "linear", layer.name, shape, {{cold(layer, dtype)}, dtype, rows, choice});
          add_fused(all, shape, {{}, dtype, rows, choice});
        }
      }
    }
  }
}

}  // namespace tpscale
