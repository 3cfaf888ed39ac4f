#include "parallel/staged/staged_communicator.h"

#include <gmock/gmock.h>

#include <string>
#include <tuple>

#include "communicator_contract.h"
#include "device_memory_communicator.h"
#include "parallel/world/device_sharing.h"
#include "support/far_memory_backend.h"
#include "support/host_memory_backend.h"
#include "support/run_on_ranks.h"

namespace tpscale {
namespace {

class StagedCommunicatorTest : public testing::TestWithParam<std::tuple<int, test::Contract>> {};

TEST_P(StagedCommunicatorTest, KeepsTheContractOnMemoryOutOfReach) {
  const auto& [ranks, contract] = GetParam();
  ThreadGroup group(ranks);
  test::run_on_ranks(ranks, [&](Communicator& self) {
    test::FarMemoryBackend backend;
    StagedCommunicator staged(group.communicator(self.rank()), backend);
    test::DeviceMemoryCommunicator over(staged, backend);
    contract.check(over);
  });
}

INSTANTIATE_TEST_SUITE_P(Ranks, StagedCommunicatorTest,
                         testing::Combine(testing::Values(1, 2, 4),
                                          testing::ValuesIn(test::communicator_contracts())),
                         [](const auto& test) {
                           return std::string(std::get<1>(test.param).name) + "_on_" +
                                  std::to_string(std::get<0>(test.param));
                         });

TEST(StagedCommunicator, SaysWhatItIs) {
  ThreadGroup group(1);
  test::FarMemoryBackend backend;
  const StagedCommunicator staged(group.communicator(0), backend);
  EXPECT_EQ(staged.name(), "thread-staged");
  EXPECT_FALSE(staged.capturable());
  EXPECT_EQ(staged.facts().at("collectives"), "staged through host memory");
}

TEST(DeviceSharing, FindsTheDeviceOfMostRanks) {
  test::run_on_ranks(5, [](Communicator& group) {
    const std::vector<std::string> devices{"a", "b", "c", "b", "b"};
    const test::FarMemoryBackend backend(devices[static_cast<std::size_t>(group.rank())]);
    const DeviceSharing sharing = device_sharing(group, backend);
    EXPECT_EQ(sharing.ranks_per_device, 3);
    EXPECT_EQ(sharing.first, 1);
    EXPECT_EQ(sharing.second, 3);
    EXPECT_EQ(sharing.device, "b");
  });
}

TEST(DeviceSharing, RanksOfACpuShareNone) {
  test::run_on_ranks(3, [](Communicator& group) {
    EXPECT_EQ(device_sharing(group, test::HostMemoryBackend()).ranks_per_device, 1);
  });
}

}  // namespace
}  // namespace tpscale
