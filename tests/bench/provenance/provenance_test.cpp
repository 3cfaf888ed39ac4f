#include "bench/provenance/provenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include "bench/provenance/build_info.h"
#include "bench/provenance/control_group.h"
#include "bench/provenance/environment.h"
#include "bench/provenance/hardware.h"
#include "bench/provenance/run_delay_gauge.h"
#include "bench/store/schema_check.h"
#include "core/check.h"
#include "support/far_memory_backend.h"

namespace tpscale {
namespace {

using testing::HasSubstr;
using testing::Not;

Values example_provenance(const std::vector<std::string>& command_line) {
  const std::vector<RankPlace> places = {
      {0, 0, 2, "alpha", {0, 1, 2, 5}}, {1, 1, 2, "alpha", {3}}, {2, 0, 1, "beta", {}}};
  return launch_provenance(places, {{"MPI", "Open MPI 4.1.4"}, {"NCCL", "2.28"}}, command_line);
}

std::string text_of(const Values& values, const std::string& name) {
  for (const auto& [key, value] : values) {
    if (key == name) return std::get<std::string>(value);
  }
  return "(" + name + " is missing)";
}

TEST(Provenance, SatisfiesTheStoresSchema) {
  Point point;
  point.test_name = point.test_date = point.method = "x";
  point.parameters = {{"tp", std::int64_t{1}}};
  point.conditions = {
      {"seed", std::int64_t{0}}, {"workload_hash", std::string("x")}, {"cache_state", std::string("cold")}};
  point.arrays = {{"tokens", "1", 1, 1, {1}}};
  EXPECT_THROW(check_schema(point), InternalError);
  point.provenance = example_provenance({"tpscale"});
  point.hardware = host_hardware();
  EXPECT_NO_THROW(check_schema(point));
}

TEST(Provenance, SaysWhereTheRanksAre) {
  const Values values = example_provenance({"tpscale", "run"});
  EXPECT_EQ(text_of(values, "hosts"), "alpha, beta");
  EXPECT_EQ(text_of(values, "rank_cores"),
            "rank 0: alpha cores 0-2,5; rank 1: alpha cores 3; rank 2: beta cores not known");
  EXPECT_THAT(text_of(values, "versions"), testing::MatchesRegex("HDF5 [0-9.]+; Open MPI 4.1.4; NCCL 2.28"));
  EXPECT_EQ(text_of(values, "command_line"), "tpscale run");
}

TEST(Provenance, SecretsAreNowhere) {
  constexpr const char* kCanary = "canary-3f9a";
  for (const char* name :
       {"HF_TOKEN", "NCCL_TOKEN", "SLURM_JWT", "OMPI_SECRET", "CUDA_API_KEY", "OMP_PASSWORD", "HOME2",
        "OMPI_MCA_orte_precondition_transports", "aws_secret_access_key"}) {
    ::setenv(name, kCanary, 1);
  }
  ::setenv("NCCL_DEBUG", "INFO", 1);
  const Values values = example_provenance({"tpscale"});
  EXPECT_THAT(canonical_text(values), Not(HasSubstr(kCanary)));
  EXPECT_THAT(text_of(values, "environment"), HasSubstr("NCCL_DEBUG=INFO\n"));
}

TEST(Environment, IsSortedEscapedAndBounded) {
  std::string omp = "OMP_NUM_THREADS=2\n3", nccl = "NCCL_ALGO=Ring", path = "PATH=/bin";
  std::string huge = "UCX_TLS=" + std::string(30000, 'x');
  char* const environment[] = {omp.data(), huge.data(), path.data(), nccl.data(), nullptr};
  EXPECT_EQ(stored_environment(environment),
            "NCCL_ALGO=Ring\nOMP_NUM_THREADS=2\\n3\n(1 more variables left out)\n");
  EXPECT_FALSE(is_stored_variable("PATH"));
  EXPECT_FALSE(is_stored_variable("MYNCCL_DEBUG"));
  EXPECT_TRUE(is_stored_variable("CUDA_VISIBLE_DEVICES"));
}

TEST(Provenance, CommandLineCanBePastedIntoAShell) {
  EXPECT_EQ(shell_line(std::vector<std::string>{"tpscale", "run", "a b", "it's", "", "--tp=1,2", "$(x)"}),
            "tpscale run 'a b' 'it'\\''s' '' --tp=1,2 '$(x)'");
}

TEST(Provenance, HashAndTimeHaveTheirForms) {
  EXPECT_TRUE(std::regex_match(binary_hash(), std::regex("[0-9a-f]{16}")));
  EXPECT_NE(binary_hash(), "ef46db3751d8e999");  // not that of an empty file
  EXPECT_EQ(binary_hash(), binary_hash());
  EXPECT_TRUE(std::regex_match(utc_timestamp(), std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ)")));
}

TEST(BuildInfo, KnowsTypeAndCompiler) {
  const BuildInfo build = build_info();
  EXPECT_FALSE(build.version.empty());
  EXPECT_FALSE(build.build_type.empty());
  EXPECT_THAT(build.compiler, HasSubstr("."));
  EXPECT_TRUE(std::regex_match(build.commit, std::regex("[0-9a-f]{40}|unknown"))) << build.commit;
}

/// A tree that stands in for / with /proc and /sys.
class PaperHost : public testing::Test {
 protected:
  PaperHost() : root_(testing::TempDir() + "tpscale-paper-host-" + std::to_string(::getpid())) {}
  ~PaperHost() override { std::filesystem::remove_all(root_); }
  void file(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << content;
  }
  std::string root_;
};

TEST_F(PaperHost, HardwareIsRead) {
  file("/proc/cpuinfo",
       "processor\t: 0\nmodel\t\t: 6\nmodel name\t: A Processor 9000\nflags\t\t: fpu avx2 avx512f x\n");
  file("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
  file("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  const Values hardware = host_hardware(root_);
  EXPECT_EQ(text_of(hardware, "cpu_model"), "A Processor 9000");
  EXPECT_EQ(text_of(hardware, "cpu_instruction_sets"), "avx2 avx512f");
  EXPECT_EQ(text_of(hardware, "huge_pages"), "madvise");
  EXPECT_EQ(text_of(hardware, "cpu_governor"), "performance");
  const std::string host = hardware_identity(hardware);
  EXPECT_THAT(host, testing::MatchesRegex("A Processor 9000, [0-9]+ cores, 16 GiB"));
  const test::FarMemoryBackend device;
  EXPECT_EQ(hardware_identity(hardware, &device), host + "; memory out of reach, 0 GiB");
}

TEST_F(PaperHost, WhatCannotBeReadSaysSo) {
  const Values hardware = host_hardware(root_);
  EXPECT_THAT(text_of(hardware, "cpu_model"), HasSubstr("unknown"));
  EXPECT_THAT(text_of(hardware, "cpu_governor"), HasSubstr("unknown"));
  EXPECT_EQ(text_of(hardware, "control_group_memory"), "none");
}

TEST_F(PaperHost, TightestControlGroupCounts) {
  file("/proc/self/cgroup", "0::/job/step\n");
  file("/sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
  file("/sys/fs/cgroup/job/cpu.max", "150000 100000\n");
  file("/sys/fs/cgroup/job/step/memory.max", "8589934592\n");
  file("/sys/fs/cgroup/job/memory.max", "4294967296\n");
  const ControlGroupLimits limits = control_group_limits(root_);
  EXPECT_EQ(limits.cpus, "1.5 CPUs");
  EXPECT_EQ(limits.memory, "4294967296 B");
}

TEST_F(PaperHost, FirstVersionOfControlGroups) {
  file("/proc/self/cgroup", "4:memory:/box\n1:cpu:/box\n");
  file("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "200000\n");
  file("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
  file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  file("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "9223372036854771712\n");
  const ControlGroupLimits limits = control_group_limits(root_);
  EXPECT_EQ(limits.cpus, "2 CPUs");
  EXPECT_EQ(limits.memory, "none");
}

TEST_F(PaperHost, WaitingForACoreMarksASample) {
  const auto waited = [&](const char* thread, std::int64_t nanoseconds) {
    file("/task/" + std::string(thread) + "/schedstat", "123456 " + std::to_string(nanoseconds) + " 17\n");
  };
  waited("10", 1'000'000);
  waited("11", 5'000'000);
  RunDelayGauge gauge(false, root_ + "/task");
  EXPECT_EQ(gauge.absent_reason(), "");
  EXPECT_FALSE(gauge.share().has_value());  // not started
  gauge.start();
  EXPECT_EQ(gauge.share(), 0.0);
  waited("11", 3'600'000'000'000);  // an hour: however long the test takes, more than its window
  waited("12", 4'000'000);          // a thread born meanwhile
  const double share = gauge.share().value_or(0.0);
  EXPECT_GT(share, 1.0);
  EXPECT_THAT(RunDelayGauge::mark(share), testing::StartsWith("tainted: "));
  EXPECT_EQ(RunDelayGauge::mark(0.004), "");
  gauge.start();
  EXPECT_EQ(gauge.share(), 0.0);
}

TEST_F(PaperHost, WhatCannotBeToldMarksNothing) {
  EXPECT_THAT(RunDelayGauge(false, root_ + "/nothing").absent_reason(), HasSubstr("not readable"));
  file("/odd/10/schedstat", "12 x 3\n");
  EXPECT_THAT(RunDelayGauge(false, root_ + "/odd").absent_reason(), HasSubstr("not readable"));
  file("/task/10/schedstat", "1 2 3\n");
  RunDelayGauge crowded(true, root_ + "/task");
  crowded.start();
  EXPECT_FALSE(crowded.share().has_value());
  EXPECT_THAT(crowded.absent_reason(), HasSubstr("oversubscribed"));
}

TEST(RunDelayGauge, ReadsThisProcess) {
  RunDelayGauge gauge(false);
  if (!gauge.absent_reason().empty()) GTEST_SKIP() << gauge.absent_reason();
  gauge.start();
  EXPECT_GE(gauge.share().value_or(-1.0), 0.0);
}

}  // namespace
}  // namespace tpscale
