// Ranks on one GPU.
#include <gmock/gmock.h>

#include "communicator_contract.h"
#include "device_memory_communicator.h"
#include "gpu_test.h"
#include "parallel/world/device_sharing.h"

namespace tpscale {
namespace {

using test::the_world;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class SharedDevice : public test::GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped()) return;
    const auto group = make_group("mpi");
    if (device_sharing(*group, backend()).ranks_per_device == 1) GTEST_SKIP() << "every rank has a GPU here";
  }
};

TEST_F(SharedDevice, AutoIsStaged) {
  const auto group = make_group("auto");
  EXPECT_THAT(std::string(group->name()), HasSubstr("staged"));
  EXPECT_FALSE(group->capturable());
  EXPECT_EQ(device_sharing(*group, backend()).ranks_per_device, the_world().size());
}

TEST_F(SharedDevice, StagedCollectivesKeepTheWholeContract) {
  const auto group = make_group("auto");
  test::DeviceMemoryCommunicator over(*group, backend());
  for (const test::Contract& contract : test::communicator_contracts()) {
    SCOPED_TRACE(contract.name);
    contract.check(over);
  }
}

TEST_F(SharedDevice, NcclIsRefusedWithTheTwoRanks) {
  EXPECT_THAT([&] { make_group("nccl"); },
              ThrowsMessage<NotAvailableError>(AllOf(HasSubstr("ranks 0 and 1 work on the same device"),
                                                     HasSubstr("--communicator mpi"))));
}

TEST_F(SharedDevice, SharingNeedsAnNcclThatCan) {
  ParallelOptions options;
  options.communicator = "nccl";
  options.nccl_ranks_per_gpu = the_world().size();
  try {
    const auto group = make_group(options);
    EXPECT_EQ(group->facts().at("nccl_ranks_per_gpu"), std::to_string(the_world().size()));
    test::DeviceMemoryCommunicator over(*group, backend());
    float value = 1;
    over.all_reduce_sum({&value, Dtype::kF32, 1, 1});
    EXPECT_EQ(value, static_cast<float>(group->size()));
  } catch (const NotAvailableError& error) {
    EXPECT_THAT(error.what(), HasSubstr("needs NCCL 2.30 or newer"));
  }
}

}  // namespace
}  // namespace tpscale
