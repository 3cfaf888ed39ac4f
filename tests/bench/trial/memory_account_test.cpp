#include "bench/trial/memory_account.h"

#include <gtest/gtest.h>

#include "comm/single_rank.h"
#include "core/error.h"
#include "support/far_memory_backend.h"

namespace tpscale {
namespace {

TEST(MemoryAccount, APeakOfZeroOnADeviceOfItsOwnIsAnError) {
  test::FarMemoryBackend backend;  // tells nothing of its memory
  SingleRank group;
  const Buffer buffer = backend.allocate(64, MemoryKind::kWeights);
  EXPECT_THROW(account_memory(backend, group, 0, EngineSizes{}), Error);
}

}  // namespace
}  // namespace tpscale
