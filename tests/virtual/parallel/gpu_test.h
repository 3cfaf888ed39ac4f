#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "backend/backend.h"
#include "parallel/world.h"
#include "the_world.h"

namespace tpscale::test {

/// A rank's GPU, real or virtual, as one of all ranks of the launch. Skips where there is none.
class GpuTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    const DevicePlace place{the_world().rank(), the_world().size(), true};
    try {
      backend_ = backend_registry().find("cuda").factory({}, place);
    } catch (const NotAvailableError& error) {
      why = error.what();
    }
    int mine = backend_ != nullptr ? 1 : 0;
    std::vector<int> all(static_cast<std::size_t>(the_world().size()));
    the_world().all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));
    for (const int one : all) mine = mine != 0 && one != 0 ? 1 : 0;
    if (mine == 0) GTEST_SKIP() << (why.empty() ? "another rank has no GPU" : why);
  }

  std::unique_ptr<Communicator> make_group(const ParallelOptions& options, int degree = the_world().size()) {
    return the_world().make_group(degree, *backend_, options);
  }
  std::unique_ptr<Communicator> make_group(const std::string& communicator) {
    ParallelOptions options;
    options.communicator = communicator;
    return make_group(options);
  }
  Backend& backend() { return *backend_; }

 private:
  std::unique_ptr<Backend> backend_;
};

}  // namespace tpscale::test
