// Ranks with a GPU each.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "communicator_contract.h"
#include "core/counter_rng.h"
#include "device_memory_communicator.h"
#include "gpu_test.h"
#include "parallel/world/device_sharing.h"
#include "support/device_tensor.h"

namespace tpscale {
namespace {

using test::the_world;
using testing::DeviceTensor;

class OwnDevice : public test::GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped()) return;
    ParallelOptions options;
    options.communicator = "mpi";
    const auto group = make_group(options);
    if (device_sharing(*group, backend()).ranks_per_device > 1) GTEST_SKIP() << "ranks share a GPU here";
  }
};

TEST_F(OwnDevice, AutoIsNccl) {
  const auto group = make_group("auto");
  EXPECT_EQ(group->name(), "nccl");
  EXPECT_TRUE(group->capturable());
  EXPECT_EQ(group->facts().at("nccl_ranks_per_gpu"), "1");
  EXPECT_EQ(group->facts().at("nccl_symmetric"), "off");
  EXPECT_THAT(group->facts().at("nccl"), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST_F(OwnDevice, NcclKeepsTheContract) {
  const auto group = make_group("nccl");
  test::DeviceMemoryCommunicator over(*group, backend());
  for (const test::Contract& contract : test::communicator_contracts()) {
    if (contract.name == "sums_are_fp32") continue;  // the next test says what holds instead
    SCOPED_TRACE(contract.name);
    contract.check(over);
  }
}

/// NCCL may round after every addition: an ulp of bf16 at 256 is 2.
TEST_F(OwnDevice, NcclRoundsASumAtMostOnceARank) {
  const auto group = make_group("nccl");
  constexpr std::int64_t kCount = 20000;
  const double first = group->rank() == 0 ? 256.0 : 1.0;
  const DeviceTensor data(backend(), Dtype::kBF16, 1, kCount, std::vector<double>(kCount, first));
  group->all_reduce_sum(data);
  for (const double sum : data.read()) ASSERT_NEAR(sum, 255.0 + group->size(), group->size());
}

TEST_F(OwnDevice, StagedCollectivesKeepTheWholeContract) {
  const auto group = make_group("mpi");
  EXPECT_FALSE(group->capturable());
  test::DeviceMemoryCommunicator over(*group, backend());
  for (const test::Contract& contract : test::communicator_contracts()) {
    SCOPED_TRACE(contract.name);
    contract.check(over);
  }
}

/// Work before and after a collective, without a wait in between: the order is the stream's.
TEST_F(OwnDevice, CollectivesAreInStreamOrder) {
  const auto group = make_group("nccl");
  const int n = group->size();
  DeviceTensor data(backend(), Dtype::kF32, 1, 1000);
  for (int i = 0; i < 20; ++i) {
    data.write(std::vector<double>(1000, i + group->rank()));
    group->all_reduce_sum(data);
    group->broadcast(data, i % n);
  }
  for (const double value : data.read()) ASSERT_EQ(value, 19 * n + n * (n - 1) / 2);
}

TEST_F(OwnDevice, AGraphRepeatsItsCollectives) {
  const auto group = make_group("nccl");
  const int n = group->size();
  DeviceTensor data(backend(), Dtype::kF32, 1, 3000, std::vector<double>(3000, 1.0));
  const DeviceTensor all(backend(), Dtype::kF32, n, 3000);
  const auto step = [&] {
    group->all_reduce_sum(data);
    group->all_gather(all, data);
  };
  step();
  const auto graph = backend().capture(step);
  for (int i = 0; i < 3; ++i) {
    data.write(std::vector<double>(3000, i + group->rank()));
    graph->launch();
    for (const double value : all.read()) ASSERT_EQ(value, i * n + n * (n - 1) / 2);
  }
}

TEST_F(OwnDevice, GroupsOfEveryDegreeWorkWhileTheOthersPark) {
  for (const int degree : {2, 4, 8, 2}) {
    if (degree > the_world().size()) continue;
    ParallelOptions options;
    options.communicator = "nccl";
    const auto group = make_group(options, degree);
    EXPECT_EQ(group != nullptr, the_world().rank() < degree);
    int sum = 0;
    if (group != nullptr) {
      const DeviceTensor data(backend(), Dtype::kF32, 1, 10, std::vector<double>(10, group->rank()));
      group->all_reduce_sum(data);
      sum = static_cast<int>(data.read().front());
    }
    the_world().announce(std::as_writable_bytes(std::span(&sum, 1)));
    EXPECT_EQ(sum, degree * (degree - 1) / 2);
  }
}

TEST_F(OwnDevice, MessagesInSymmetricWindowsAreSummedAlike) {
  ParallelOptions options;
  options.communicator = "nccl";
  options.nccl_symmetric = true;
  const auto group = make_group(options);
  const std::size_t before = backend().memory().use().total;
  {
    const Buffer buffer = group->allocate_messages(5000 * sizeof(float));
    if (buffer.bytes() == 0) GTEST_SKIP() << group->facts().at("nccl_symmetric");
    EXPECT_GE(backend().memory().use().total, before + 5000 * sizeof(float));
    EXPECT_EQ(group->facts().at("nccl_symmetric"), "on");
    const TensorView view(buffer.data(), Dtype::kF32, 1, 5000);
    std::vector<float> values(5000, 1.0F);
    backend().download(values.data(), buffer.data(), view.bytes());
    EXPECT_THAT(values, ::testing::Each(0.0F));
    std::ranges::fill(values, static_cast<float>(group->rank()));
    backend().upload(buffer.data(), values.data(), view.bytes());
    group->all_reduce_sum(view);
    backend().download(values.data(), buffer.data(), view.bytes());
    const int n = group->size();
    EXPECT_THAT(values, ::testing::Each(static_cast<float>(n * (n - 1) / 2)));
  }
  EXPECT_EQ(backend().memory().use().total, before);
}

}  // namespace
}  // namespace tpscale
