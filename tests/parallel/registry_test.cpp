#include "parallel/registry.h"

#include <gmock/gmock.h>

#include "comm/single_rank.h"
#include "support/host_memory_backend.h"

namespace tpscale {
namespace {

constexpr bool kHasMpi = std::string_view(TPSCALE_EXPECTS_MPI) == "ON";

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(CommunicatorRegistry, LosesNoRegistration) {
  EXPECT_TRUE(communicator_registry().contains("single"));
  EXPECT_TRUE(communicator_registry().contains("thread"));
  EXPECT_EQ(communicator_registry().contains("mpi"), kHasMpi);
  EXPECT_EQ(world_registry().contains("mpi"), kHasMpi);
}

TEST(CommunicatorRegistry, AutoIsTheWorldsOwnOnACpu) {
  EXPECT_EQ(resolve_communicator("auto", "cpu", "single"), "single");
  EXPECT_EQ(resolve_communicator("thread", "cpu", "single"), "thread");
  EXPECT_THAT([] { resolve_communicator("pigeon", "cpu", "single"); },
              ThrowsMessage<NotAvailableError>(HasSubstr("single")));
}

TEST(SingleWorld, IsAWorldOfOne) {
  const std::unique_ptr<World> world = make_world();
  test::HostMemoryBackend backend;
  EXPECT_EQ(world->size(), 1);
  EXPECT_GE(world->place(0, true), 1);
  EXPECT_EQ(world->make_group(1, backend, {})->size(), 1);
  EXPECT_THAT([&] { world->make_group(2, backend, {}); },
              ThrowsMessage<UsageError>(HasSubstr("mpirun -n 2")));
  EXPECT_THROW(on_rank_zero(*world, [] { throw BadDataError("bad"); }), CollectiveError);
}

TEST(SingleWorld, MoreThreadsThanCoresAreOversubscribed) {
  const std::unique_ptr<World> world = make_world();
  EXPECT_EQ(world->place(100000, true), 100000);
  EXPECT_TRUE(world->oversubscribed());
  EXPECT_EQ(world->place(1, true), 1);
  EXPECT_FALSE(world->oversubscribed());
  EXPECT_EQ(world->places().front().cores.size(), 1U);
  world->place(0, false);  // the rest of the tests may have all cores again
}

}  // namespace
}  // namespace tpscale
