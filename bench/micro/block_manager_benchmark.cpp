#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/micro/families.h"
#include "kv/block_manager.h"

namespace tpscale {
namespace {

/// A manager with room for two sequences of `tokens` tokens.
struct Blocks {
  Blocks(std::int64_t count, std::int64_t block_size, bool prefix_cache)
      : tokens(static_cast<std::size_t>(count)),
        manager(2 * blocks_for(count, block_size), block_size, {.prefix_cache = prefix_cache}) {
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<std::int32_t>(i * 31 % 50000);
    table.blocks.reserve(tokens.size());
  }

  std::vector<std::int32_t> tokens;
  BlockManager manager;
  BlockTable table;
};

/// What happens to a sequence's blocks.
struct Life {
  const char* name;
  bool prefix_cache;
  std::function<void(Blocks&)> before;
  std::function<void(Blocks&)> once;
};

const std::vector<Life>& lives() {
  static const std::vector<Life> all{{"allocate_release",
                                      false,
                                      {},
                                      [](Blocks& b) {
                                        b.manager.try_allocate(b.table, b.tokens);
                                        b.manager.release(b.table);
                                      }},
                                     {"grow_release",
                                      false,
                                      {},
                                      [](Blocks& b) {
                                        b.manager.try_allocate(b.table, std::span(b.tokens).first(1));
                                        for (std::size_t n = 2; n <= b.tokens.size(); ++n)
                                          b.manager.try_grow(b.table, static_cast<std::int64_t>(n));
                                        b.manager.release(b.table);
                                      }},
                                     // the first to come: nothing is found, every block gets a key
                                     {"allocate_publish_flush",
                                      true,
                                      {},
                                      [](Blocks& b) {
                                        b.manager.try_allocate(b.table, b.tokens);
                                        b.manager.publish(b.table, b.tokens);
                                        b.manager.release(b.table);
                                        b.manager.flush();
                                      }},
                                     // those after it: all blocks but the last are found
                                     {"allocate_hit_release", true,
                                      [](Blocks& b) {
                                        b.manager.try_allocate(b.table, b.tokens);
                                        b.manager.publish(b.table, b.tokens);
                                        b.manager.release(b.table);
                                      },
                                      [](Blocks& b) {
                                        b.manager.try_allocate(b.table, b.tokens);
                                        b.manager.release(b.table);
                                      }}};
  return all;
}

void add(const Families& all, const Life& life, std::int64_t tokens, std::int64_t block) {
  CaseName name("block_manager", life.name);
  name.number("context", tokens).number("block", block);
  all.suite.add(name, [&life, tokens, block] {
    const auto blocks = std::make_shared<Blocks>(tokens, block, life.prefix_cache);
    if (life.before) life.before(*blocks);
    Work work{rate("blocks", "block", static_cast<double>(blocks_for(tokens, block)))};
    return Prepared{[blocks, &life] { life.once(*blocks); }, std::move(work), nullptr};
  });
}

}  // namespace

void register_block_manager(const Families& all) {
  for (const Life& life : lives()) {
    for (const std::int64_t tokens : all.options.context) {
      for (const std::int64_t block : all.options.block_size) add(all, life, tokens, block);
    }
  }
}

}  // namespace tpscale
