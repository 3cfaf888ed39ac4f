#include <cmath>
#include <memory>
#include <string>

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

struct Attention {
  Attention(BenchDevice& device_, const Setting& setting_)
      : device(device_),
        setting(setting_),
        sequences(device.backend(), setting.rank, setting.dtype, setting.paged),
        heads(setting.rank.heads()),
        q(random_tensor(device.backend(), setting.dtype, sequences.tokens() * heads.qkv_cols(), 3)),
        out(random_tensor(device.backend(), setting.dtype, sequences.tokens() * heads.q_cols(), 4)) {}

  void once() const {
    const std::int64_t tokens = sequences.tokens();
    device.ops().paged_attention({out.data(), setting.dtype, tokens, heads.q_cols()},
                                 ConstTensorView(q.data(), setting.dtype, tokens, heads.qkv_cols()), heads,
                                 sequences.batch(), sequences.kv(),
                                 1.0F / std::sqrt(static_cast<float>(heads.head_dim)), 0);
  }
  /// 4 x head_dim for each pair of a query and a key that it sees.
  double flops() const {
    const PagedShape& paged = setting.paged;
    const double pairs = static_cast<double>(paged.sequences * heads.num_heads) *
                         static_cast<double>(paged.queries * (2 * paged.context - paged.queries + 1)) / 2;
    return 4.0 * pairs * static_cast<double>(heads.head_dim);
  }
  /// Keys and values, once.
  double bytes() const {
    return 2.0 * static_cast<double>(setting.paged.sequences * setting.paged.context * heads.kv_cols()) *
           static_cast<double>(size_of(setting.dtype));
  }

  BenchDevice& device;
  Setting setting;
  PagedSequences sequences;
  HeadLayout heads;
  Buffer q, out;
};

void add(const Families& all, const char* op, const Setting& setting) {
  CaseName name("attention", op);
  name.word("model", setting.rank.config.name).number("tp", setting.rank.shard.tp_size);
  name.number("sequences", setting.paged.sequences).number("context", setting.paged.context);
  name.number("block", setting.paged.block_size).word("dtype", std::string(to_string(setting.dtype)));
  all.devices->name(name, setting.choice, false);
  all.suite.add(name, [devices = all.devices, setting] {
    BenchDevice& device = devices->get(setting.choice);
    const auto attention = std::make_shared<Attention>(device, setting);
    // A CPU computes scores and sums in f32; a GPU has units for what the cache is made of.
    const Dtype computed = devices->on_cpu() ? Dtype::kF32 : setting.dtype;
    Work work = device.computed(attention->flops(), computed);
    const Work moved = device.bytes_moved(attention->bytes(), attention->bytes());
    work.insert(work.end(), moved.begin(), moved.end());
    return Prepared{[attention] { attention->once(); }, work, &device.backend()};
  });
}

}  // namespace

void register_attention(const Families& all) {
  for (const RankShape& rank : rank_shapes(all.options)) {
    for (const Dtype dtype : all.devices->dtypes()) {
      for (const DeviceChoice& choice : all.devices->thread_choices()) {
        for (const std::int64_t block : all.options.block_size) {
          for (const std::int64_t context : all.options.context) {
            for (const std::int64_t sequences : all.options.sequences)
              add(all, "decode", {rank, dtype, {sequences, 1, context, block}, choice});
            add(all, "prefill", {rank, dtype, {1, context, context, block}, choice});
          }
        }
      }
    }
  }
}

}  // namespace tpscale
