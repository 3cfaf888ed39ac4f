#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "bench/micro/families.h"
#include "bench/micro/paged_sequences.h"
#include "bench/micro/rank_shape.h"

namespace tpscale {
namespace {

struct Setting {
  RankShape rank;
  Dtype dtype;
  PagedShape paged;
  DeviceChoice choice;
};

/// One layer's cache and what the ops need beside it.
struct Cached {
  Cached(BenchDevice& device_, const Setting& setting_)
      : device(device_),
        setting(setting_),
        sequences(device.backend(), setting.rank, setting.dtype, setting.paged),
        rotated(device.backend(), setting.rank, setting.dtype, setting.paged),
        heads(setting.rank.heads()),
        qkv(random_tensor(device.backend(), setting.dtype, sequences.tokens() * heads.qkv_cols(), 3)),
        rows(random_tensor(device.backend(), Dtype::kF32, setting.paged.context * heads.head_dim, 4)),
        norms(random_tensor(device.backend(), Dtype::kF32,
                            std::max(heads.num_kv_heads * setting.paged.context, heads.head_dim), 5)) {
    std::vector<std::int32_t> gone;
    for (std::int64_t head = 0; head < heads.num_kv_heads; ++head) gone.push_back(0);
    dropped = device_integers(device.backend(), gone);
  }

  Ops& ops() const { return device.ops(); }
  RotaryTable rotary() const { return {rows.as<float>(), setting.rank.config.rotary_dim(), true}; }
  CachedTokens tokens() const { return {sequences.kv(), sequences.first_table(), setting.paged.context}; }

  BenchDevice& device;
  Setting setting;
  PagedSequences sequences, rotated;
  HeadLayout heads;
  Buffer qkv, rows, norms, dropped;
};

/// Elements of the cache's dtype.
struct Elements {
  std::int64_t moved = 0;  ///< read and written in all
  std::int64_t held = 0;   ///< the different ones among them
};

struct CacheOp {
  const char* name;
  std::function<Elements(const Cached&)> elements;
  std::function<void(const Cached&)> call;
};

CacheOp rope_and_store_kv() {
  return {"rope_and_store_kv",
          [](const Cached& c) {
            const std::int64_t qkv = c.sequences.tokens() * c.heads.qkv_cols();
            return Elements{2 * qkv, qkv + c.sequences.tokens() * 2 * c.heads.kv_cols()};
          },
          [](const Cached& c) {
            HeadNorms head_norms;
            if (c.setting.rank.config.qk_norm) head_norms = {c.norms.as<float>(), c.norms.as<float>(), 1e-6F};
            c.ops().rope_and_store_kv(
                {c.qkv.data(), c.setting.dtype, c.sequences.tokens(), c.heads.qkv_cols()}, c.heads,
                c.rotary(), head_norms, c.sequences.batch(), c.sequences.kv());
          }};
}

std::vector<CacheOp> cut_ops(const RankShape& rank) {
  const auto keys = [](std::int64_t moved, std::int64_t held) {
    return [moved, held](const Cached& c) {
      const std::int64_t all = c.setting.paged.context * c.heads.kv_cols();
      return Elements{moved * all, held * all};
    };
  };
  std::vector<CacheOp> ops{{"key_norms", keys(1, 1),
                            [](const Cached& c) { c.ops().key_norms(c.norms.as<float>(), c.tokens(), 0); }},
                           // the first of each head: all others move up
                           {"drop_tokens", keys(4, 2), [](const Cached& c) {
                              c.ops().drop_tokens(c.tokens(), c.dropped.as<std::int32_t>(), 1);
                            }}};
  if (rank.config.rotary_dim() > 0) {
    ops.push_back({"rotate_keys", keys(2, 2),
                   [](const Cached& c) { c.ops().rotate_keys(c.rotated.kv(), c.tokens(), c.rotary()); }});
  }
  return ops;
}

void add(const Families& all, const CacheOp& op, const Setting& setting) {
  CaseName name("cached", op.name);
  name.word("model", setting.rank.config.name).number("tp", setting.rank.shard.tp_size);
  if (setting.paged.queries == 1) {
    name.number("rows", setting.paged.sequences);
  } else {
    name.number("context", setting.paged.context);
  }
  name.number("block", setting.paged.block_size).word("dtype", std::string(to_string(setting.dtype)));
  all.devices->name(name, setting.choice, false);
  all.suite.add(name, [devices = all.devices, op, setting] {
    BenchDevice& device = devices->get(setting.choice);
    const auto cached = std::make_shared<Cached>(device, setting);
    const auto [moved, held] = op.elements(*cached);
    const auto size = static_cast<double>(size_of(setting.dtype));
    Work work = device.bytes_moved(static_cast<double>(moved) * size, static_cast<double>(held) * size);
    return Prepared{[cached, call = op.call] { call(*cached); }, std::move(work), &device.backend()};
  });
}

}  // namespace

void register_cached(const Families& all) {
  for (const RankShape& rank : rank_shapes(all.options)) {
    for (const Dtype dtype : all.devices->dtypes()) {
      for (const DeviceChoice& choice : all.devices->thread_choices()) {
        for (const std::int64_t block : all.options.block_size) {
          // decoding: a token of each of so many sequences
          for (const std::int64_t rows : all.options.rows)
            add(all, rope_and_store_kv(), {rank, dtype, {rows, 1, 64, block}, choice});
          for (const std::int64_t context : all.options.context) {
            for (const CacheOp& op : cut_ops(rank))
              add(all, op, {rank, dtype, {1, context, context, block}, choice});
          }
        }
      }
    }
  }
}

}  // namespace tpscale
