#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "support/virtual_gpu/faults.h"

namespace tpscale::testing {

inline std::unique_ptr<Backend> make_cuda(const DevicePlace& place = {}) {
  return backend_registry().find("cuda").factory(BackendOptions{}, place);
}

/// A cache folder of its own, and no faults left behind.
class VirtualCudaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("tpscale_" + std::to_string(getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
  }
  void TearDown() override {
    virtual_gpu::set_faults("");
    std::filesystem::remove_all(folder_);
  }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// The sentence and the exit code of the Error that `body` throws.
template <class Body>
std::pair<ExitCode, std::string> error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace tpscale::testing
