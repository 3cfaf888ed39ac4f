#pragma once
#include <cstdlib>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/plugins.h"

#ifndef TPSCALE_TEST_BACKEND
#define TPSCALE_TEST_BACKEND "cpu"
#endif

namespace tpscale::test {

/// The backend that the tests of model and engine run on: the environment's TPSCALE_TEST_BACKEND, or what the
/// program was built for, or the CPU.
inline std::string backend_under_test() {
  const char* name = std::getenv("TPSCALE_TEST_BACKEND");
  return name != nullptr ? name : TPSCALE_TEST_BACKEND;
}

inline std::unique_ptr<Backend> make_backend_under_test(const BackendOptions& options,
                                                        const DevicePlace& place = {}) {
  open_plugins();
  return backend_registry().find(backend_under_test()).factory(options, place);
}

/// Tests of one rank a thread need memory that every rank's thread may read.
inline bool shares_host_memory() {
  return backend_under_test() == "cpu";
}

}  // namespace tpscale::test
