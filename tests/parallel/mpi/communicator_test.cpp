#include <gtest/gtest.h>

#include "communicator_contract.h"
#include "support/host_memory_backend.h"
#include "the_world.h"

namespace tpscale {
namespace {

using test::the_world;

class MpiCommunicator : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Communicator> make_group(int degree) {
    ParallelOptions options;
    options.all_reduce = GetParam();
    return the_world().make_group(degree, backend_, options);
  }

 private:
  test::HostMemoryBackend backend_;
};

TEST_P(MpiCommunicator, KeepsTheContract) {
  const std::unique_ptr<Communicator> group = make_group(the_world().size());
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->rank(), the_world().rank());
  EXPECT_EQ(group->size(), the_world().size());
  for (const test::Contract& contract : test::communicator_contracts()) {
    SCOPED_TRACE(contract.name);
    contract.check(*group);
  }
}

/// As an experiment does it: degree by degree, the ranks without work parked in announce().
TEST_P(MpiCommunicator, WorksInGroupsWhileTheOthersPark) {
  World& world = the_world();
  for (const int degree : {1, 2, 4, 8, 2}) {
    if (degree > world.size()) continue;
    const std::unique_ptr<Communicator> group = make_group(degree);
    EXPECT_EQ(group != nullptr, world.rank() < degree);
    float sum = 1;
    if (group != nullptr) {
      for (int i = 0; i < 100; ++i) {
        sum = static_cast<float>(group->rank());
        group->all_reduce_sum({&sum, Dtype::kF32, 1, 1});
      }
    }
    world.announce(std::as_writable_bytes(std::span(&sum, 1)));
    EXPECT_EQ(sum, static_cast<float>(degree * (degree - 1) / 2));
  }
}

INSTANTIATE_TEST_SUITE_P(AllReduce, MpiCommunicator, testing::Values("shm", "mpi"),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace tpscale
