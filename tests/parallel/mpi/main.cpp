#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "core/error.h"
#include "the_world.h"

namespace tpscale::test {
namespace {

World* world_of_main = nullptr;

/// A rank whose test failed says so; the others stay quiet.
int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::unique_ptr<World> world = make_world();
  world_of_main = world.get();
  if (world->rank() != 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    struct FailurePrinter : testing::EmptyTestEventListener {
      void OnTestPartResult(const testing::TestPartResult& result) override {
        if (result.failed()) std::fprintf(stderr, "rank %d: %s\n", the_world().rank(), result.message());
      }
    };
    listeners.Append(new FailurePrinter);
  }
  return RUN_ALL_TESTS();
}

}  // namespace

World& the_world() {
  return *world_of_main;
}

}  // namespace tpscale::test

int main(int argc, char** argv) {
  try {
    return tpscale::test::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
