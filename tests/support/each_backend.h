#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "backend/backend.h"
#include "backend/plugins.h"

namespace tpscale::testing {

/// One way to make a backend. A test that takes it as its parameter runs on every device and every set of
/// kernels.
struct BackendCase {
  std::string label;
  std::string backend;
  BackendOptions options;
  friend std::ostream& operator<<(std::ostream& out, const BackendCase& self) { return out << self.label; }
};

/// Every backend the suite knows: those that are not in the build, or have no device here, are skipped with
/// the reason.
inline std::vector<BackendCase> each_backend() {
  std::vector<BackendCase> cases;
  const auto add_cpu = [&](std::string label, int threads, std::string instruction_set, std::string linear) {
    BackendOptions options;
    options.threads = threads;
    options.instruction_set = std::move(instruction_set);
    options.linear = std::move(linear);
    cases.push_back({std::move(label), "cpu", std::move(options)});
  };
  for (const char* isa : {"generic", "avx2", "avx512", "amx"})
    add_cpu(std::string("cpu_") + isa, 1, isa, "packed");
  add_cpu("cpu_3_threads", 3, "auto", "packed");
  add_cpu("cpu_onednn", 2, "auto", "onednn");
  cases.push_back({"cuda", "cuda", {}});
  return cases;
}

/// Fixture of a test of one backend and dtype.
class BackendTest : public ::testing::TestWithParam<std::tuple<BackendCase, Dtype>> {
 protected:
  void SetUp() override {
    const BackendCase& self = std::get<0>(GetParam());
    dtype_ = std::get<1>(GetParam());
    open_plugins();
    try {
      backend_ = backend_registry().find(self.backend).factory(self.options, DevicePlace{});
    } catch (const NotAvailableError& error) {
      GTEST_SKIP() << error.what();
    }
    if (!backend_->supports(dtype_))
      GTEST_SKIP() << self.label << " does not compute in " << to_string(dtype_);
  }

  Backend& backend() { return *backend_; }
  Ops& ops() { return backend_->ops(); }
  Dtype dtype() const { return dtype_; }

 private:
  std::unique_ptr<Backend> backend_;
  Dtype dtype_ = Dtype::kF32;
};

inline std::string case_name(const ::testing::TestParamInfo<std::tuple<BackendCase, Dtype>>& info) {
  return std::get<0>(info.param).label + "_" + std::string(to_string(std::get<1>(info.param)));
}

}  // namespace tpscale::testing

/// Runs the TEST_Ps of `Fixture` (a BackendTest) on every backend in every dtype.
#define TPSCALE_EACH_BACKEND(Fixture)                                                                  \
  INSTANTIATE_TEST_SUITE_P(                                                                            \
      Each, Fixture,                                                                                   \
      ::testing::Combine(                                                                              \
          ::testing::ValuesIn(::tpscale::testing::each_backend()),                                     \
          ::testing::Values(::tpscale::Dtype::kF32, ::tpscale::Dtype::kBF16, ::tpscale::Dtype::kF16)), \
      ::tpscale::testing::case_name)
