#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "bench/micro/families.h"
#include "bench/micro/rank_shape.h"
#include "bench/trial/kv_pieces.h"
#include "core/counter_rng.h"
#include "core/error.h"
#include "kv/block_manager.h"
#include "kv/kv_cache.h"

namespace tpscale {
namespace {

struct Setting {
  RankShape rank;
  Dtype dtype;
  std::int64_t context;
  std::int64_t block_size;
  KvLayout layout;
  CopyDirection direction;
  CopyWay way;
  DeviceChoice choice;
};

KvShape shape_of(const Setting& setting) {
  const HeadLayout heads = setting.rank.heads();
  // every second block is another sequence's
  return {setting.rank.config.num_layers,
          heads.num_kv_heads,
          heads.head_dim,
          2 * blocks_for(setting.context, setting.block_size),
          setting.block_size,
          setting.dtype};
}

std::vector<std::int32_t> every_second(std::int64_t blocks) {
  std::vector<std::int32_t> found;
  for (std::int32_t block = 0; block < blocks; block += 2) found.push_back(block);
  return found;
}

/// The blocks of one sequence and their place on the host.
struct Copy {
  Copy(Backend& backend, const Setting& setting_)
      : setting(setting_),
        cache(backend, shape_of(setting), setting.layout),
        pieces(pieces_of_blocks(cache, every_second(cache.shape().num_blocks))),
        transfer(backend.make_transfer(pieces.list().bytes(), pieces.offsets.size())),
        host(backend.host_memory(pieces.list().bytes())) {
    if (const std::string why = transfer->why_not(setting.way); !why.empty()) throw NotAvailableError(why);
    const KvPieces pool = whole_pool(cache);
    fill_random(backend, pool.base, pool.list().bytes(), 1);
    for (std::size_t i = 0; i < pieces.list().bytes(); ++i) {
      host[static_cast<std::ptrdiff_t>(i)] = static_cast<std::byte>(counter_bits(2, i / 8) >> (i % 8 * 8));
    }
    backend.stream().synchronize();
  }
  void once() {
    transfer->start(setting.direction, setting.way, pieces.list(), host.get());
    transfer->wait();
  }

  Setting setting;
  KvCache cache;
  KvPieces pieces;
  std::unique_ptr<Transfer> transfer;
  std::shared_ptr<std::byte[]> host;
};

void add(const Families& all, const Setting& setting) {
  CaseName name("kv_copy", std::string(to_string(setting.direction)));
  name.word("way", std::string(to_string(setting.way))).word("model", setting.rank.config.name);
  name.number("tp", setting.rank.shard.tp_size).number("context", setting.context);
  name.number("block", setting.block_size).word("layout", std::string(to_string(setting.layout)));
  name.word("dtype", std::string(to_string(setting.dtype)));
  all.devices->name(name, setting.choice, false);
  all.suite.add(name, [devices = all.devices, setting] {
    Backend& backend = devices->get(setting.choice).backend();
    const auto copy = std::make_shared<Copy>(backend, setting);
    Work work{rate("bytes", "B", static_cast<double>(copy->pieces.list().bytes()))};
    return Prepared{[copy] { copy->once(); }, std::move(work), nullptr};
  });
}

}  // namespace

void register_kv_copies(const Families& all) {
  const DeviceChoice choice = all.devices->thread_choices().front();  // it is one thread that copies
  for (const RankShape& rank : rank_shapes(all.options)) {
    for (const Dtype dtype : all.devices->dtypes()) {
      for (const std::int64_t block : all.options.block_size) {
        for (const std::int64_t context : all.options.context) {
          for (const KvLayout layout : {KvLayout::kLayerMajor, KvLayout::kBlockMajor}) {
            for (const CopyDirection direction : {CopyDirection::kToHost, CopyDirection::kToDevice}) {
              for (const CopyWay way : kCopyWays)
                add(all, {rank, dtype, context, block, layout, direction, way, choice});
            }
          }
        }
      }
    }
  }
}

}  // namespace tpscale
