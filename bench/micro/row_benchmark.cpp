#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/micro/families.h"
#include "bench/micro/rank_shape.h"
#include "core/counter_rng.h"

namespace tpscale {
namespace {

/// What the ops of one setting work on.
struct Rows {
  BenchDevice& device;
  RankShape shape;
  Dtype dtype;
  std::int64_t rows;
  Buffer in, added, out, weight, ids;
  std::unique_ptr<LinearWeights> table;

  Ops& ops() const { return device.ops(); }
  TensorView view(const Buffer& buffer, std::int64_t cols) const {
    return {buffer.data(), dtype, rows, cols};
  }
  std::int64_t hidden() const { return shape.config.hidden_size; }
  std::int64_t inner() const { return shape.shard.intermediate_size; }
  std::int64_t vocabulary() const { return shape.shard.vocab_size * shape.shard.tp_size; }
};

/// Elements a row.
struct Elements {
  std::int64_t moved = 0;  ///< read and written in all
  std::int64_t held = 0;   ///< the different ones among them
};

/// An op on `rows` rows.
struct RowOp {
  const char* name;
  std::function<Elements(const Rows&)> elements;
  std::function<void(const Rows&)> call;
  enum Needs { kRows, kTable, kLogits } needs = kRows;
};

std::vector<RowOp> row_ops() {
  const auto hidden = [](std::int64_t moved, std::int64_t held) {
    return [moved, held](const Rows& r) { return Elements{moved * r.hidden(), held * r.hidden()}; };
  };
  const auto inner = [](std::int64_t times) {
    return [times](const Rows& r) { return Elements{times * r.inner(), times * r.inner()}; };
  };
  constexpr float kEpsilon = 1e-6F;
  return {
      {"rms_norm", hidden(2, 2),
       [](const Rows& r) {
         r.ops().rms_norm(r.view(r.out, r.hidden()), r.view(r.in, r.hidden()), r.weight.as<float>(),
                          kEpsilon);
       }},
      {"add_rms_norm", hidden(4, 3),
       [](const Rows& r) {
         r.ops().add_rms_norm(r.view(r.out, r.hidden()), r.view(r.in, r.hidden()),
                              r.view(r.added, r.hidden()), r.weight.as<float>(), kEpsilon);
       }},
      {"layer_norm", hidden(2, 2),
       [](const Rows& r) {
         r.ops().layer_norm(r.view(r.out, r.hidden()), r.view(r.in, r.hidden()), r.weight.as<float>(),
                            r.weight.as<float>(), kEpsilon);
       }},
      {"add_layer_norm", hidden(4, 3),
       [](const Rows& r) {
         r.ops().add_layer_norm(r.view(r.out, r.hidden()), r.view(r.in, r.hidden()),
                                r.view(r.added, r.hidden()), r.weight.as<float>(), r.weight.as<float>(),
                                kEpsilon);
       }},
      {"add", hidden(3, 2),
       [](const Rows& r) { r.ops().add(r.view(r.out, r.hidden()), r.view(r.in, r.hidden())); }},
      {"silu_and_mul", inner(3),
       [](const Rows& r) { r.ops().silu_and_mul(r.view(r.out, r.inner()), r.view(r.in, 2 * r.inner())); }},
      {"gelu_erf", inner(2),
       [](const Rows& r) { r.ops().gelu(r.view(r.out, r.inner()), r.view(r.in, r.inner()), Gelu::kErf); }},
      {"gelu_tanh", inner(2),
       [](const Rows& r) { r.ops().gelu(r.view(r.out, r.inner()), r.view(r.in, r.inner()), Gelu::kTanh); }},
      {"gather_rows", hidden(2, 2),
       [](const Rows& r) {
         r.ops().gather_rows(r.view(r.out, r.hidden()), r.view(r.in, r.hidden()), r.ids.as<std::int32_t>());
       }},
      {"feed_tokens", [](const Rows&) { return Elements{}; },
       [](const Rows& r) {
         r.ops().feed_tokens(static_cast<std::int32_t*>(r.out.data()), r.ids.as<std::int32_t>(), r.rows,
                             r.ids.as<std::int32_t>());
       }},
      {"embedding", hidden(2, 2),
       [](const Rows& r) {
         r.ops().embedding(r.view(r.out, r.hidden()), *r.table, r.ids.as<std::int32_t>(), 0);
       },
       RowOp::kTable},
      {"add_embedding", hidden(3, 2),
       [](const Rows& r) {
         r.ops().add_embedding(r.view(r.out, r.hidden()), *r.table, r.ids.as<std::int32_t>());
       },
       RowOp::kTable},
      {"argmax",
       [](const Rows& r) {
         return Elements{r.vocabulary(), r.vocabulary()};
       },
       [](const Rows& r) {
         const std::int64_t parts = r.shape.shard.tp_size;
         const ConstTensorView logits(r.in.data(), r.dtype, parts * r.rows, r.shape.shard.vocab_size);
         r.ops().argmax(r.out.as<std::int32_t>(), logits, parts, r.shape.config.vocab_size);
       },
       RowOp::kLogits},
  };
}

/// Those that are looked up: rows that were never written are all the same page of zeros.
void fill_rows(LinearWeights& table, const std::vector<std::int32_t>& ids) {
  std::vector<float> values(static_cast<std::size_t>(table.in_features()));
  for (const std::int32_t id : ids) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = counter_normal(static_cast<std::uint64_t>(id), i);
    }
    table.write_rows(id, ConstTensorView(values.data(), Dtype::kF32, 1, table.in_features()));
  }
}

std::shared_ptr<Rows> make_rows(BenchDevice& device, const RankShape& shape, Dtype dtype, std::int64_t rows,
                                RowOp::Needs needs) {
  auto made = std::make_shared<Rows>(Rows{device, shape, dtype, rows, {}, {}, {}, {}, {}, nullptr});
  Backend& backend = device.backend();
  const std::int64_t widest = std::max(made->hidden(), 2 * made->inner());
  made->in = random_tensor(backend, dtype, rows * (needs == RowOp::kLogits ? made->vocabulary() : widest), 1);
  // Of its own and added again and again: what it is added to stays finite.
  made->added = random_tensor(backend, dtype, rows * made->hidden(), 4);
  // token ids lie in it too, which are wider than a 16-bit element
  made->out = random_tensor(backend, dtype, 2 * rows * std::max(made->hidden(), made->inner()), 2);
  made->weight = random_tensor(backend, Dtype::kF32, made->hidden(), 3);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(ids.size() - 1 - i);
  if (needs == RowOp::kTable) {
    const std::int64_t tokens = shape.shard.vocab_size;
    made->table = device.ops().make_linear(tokens, shape.config.hidden_size, dtype, true);
    for (std::size_t i = 0; i < ids.size(); ++i)
      ids[i] = static_cast<std::int32_t>(static_cast<std::int64_t>(i * 7919) % tokens);
    fill_rows(*made->table, ids);
  }
  made->ids = device_integers(backend, ids);
  return made;
}

void add(const Families& all, const RowOp& op, const RankShape& shape, Dtype dtype, std::int64_t rows,
         const DeviceChoice& choice) {
  CaseName name("row", op.name);
  name.word("model", shape.config.name).number("tp", shape.shard.tp_size).number("rows", rows);
  name.word("dtype", std::string(to_string(dtype)));
  all.devices->name(name, choice, false);
  all.suite.add(name, [devices = all.devices, op, shape, dtype, rows, choice] {
    BenchDevice& device = devices->get(choice);
    const auto made = make_rows(device, shape, dtype, rows, op.needs);
    const auto [moved, held] = op.elements(*made);
    const double row_bytes = static_cast<double>(rows) * static_cast<double>(size_of(dtype));
    // two numbers and the place a token: too few for a bandwidth
    const Work work = moved > 0 ? device.bytes_moved(static_cast<double>(moved) * row_bytes,
                                                     static_cast<double>(held) * row_bytes)
                                : Work{rate("tokens", "token", static_cast<double>(rows))};
    return Prepared{[made, call = op.call] { call(*made); }, work, &device.backend()};
  });
}

}  // namespace

void register_rows(const Families& all) {
  for (const RankShape& shape : rank_shapes(all.options)) {
    for (const RowOp& op : row_ops()) {
      for (const Dtype dtype : all.devices->dtypes()) {
        for (const DeviceChoice& choice : all.devices->thread_choices()) {
          for (const std::int64_t rows : all.options.rows) {
            if (rows > 64 && op.needs == RowOp::kLogits) continue;  // no step wants so many
            add(all, op, shape, dtype, rows, choice);
          }
        }
      }
    }
  }
}

}  // namespace tpscale
