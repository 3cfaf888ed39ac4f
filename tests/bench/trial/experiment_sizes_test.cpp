#include "bench/commands/experiment_sizes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/error.h"

namespace tpscale {
namespace {

using testing::HasSubstr;

TEST(SelectedExperiments, AllIsEveryExperimentOnce) {
  const auto names = selected_experiments({"weak-scaling", "all"});
  EXPECT_EQ(names.size(), experiment_registry().entries().size());
  EXPECT_EQ(names.front(), "weak-scaling");
}

TEST(SelectedExperiments, AllFollowsTheTestPlan) {
  const auto names = selected_experiments({"all"});
  std::string before;
  for (const std::string& name : names) {
    const std::string& section = experiment_registry().find(name).factory.section;
    EXPECT_LE(before, section) << name;
    before = section;
  }
}

TEST(SelectedExperiments, EveryExperimentHasASectionOfItsOwn) {
  std::set<std::string> sections;
  for (const auto& [name, entry] : experiment_registry().entries()) {
    EXPECT_TRUE(sections.insert(entry.factory.section).second) << name << " shares " << entry.factory.section;
  }
}

TEST(SelectedExperiments, UnknownOnesAreRefusedByName) {
  try {
    selected_experiments({"strong-scalling"});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'strong-scalling'"));
    EXPECT_THAT(error.what(), HasSubstr("strong-scaling"));
  }
  EXPECT_THROW(selected_experiments({}), UsageError);
}

TEST(Profile, UnknownOnesAreRefused) {
  EXPECT_THROW(require_profile("tiny"), UsageError);
}

class OptionsOf : public testing::Test {
 protected:
  OptionsOf() {
    declare_launch_options(table_, common_);
    experiment_.defaults = [](LaunchOptions& options, const Sizing& sizing) {
      options.workload.num_sequences = sizing.profile == "full" ? 100 : 5;
      options.workload.workload = "shared-prefix";
      options.run.repetitions = 7;
    };
  }
  LaunchOptions own(const std::string& profile) {
    return options_of(experiment_, common_, table_, {profile, true});
  }

  LaunchOptions common_;
  OptionTable table_;
  Experiment experiment_;
};

TEST_F(OptionsOf, TheExperimentsDefaultsFollowTheProfile) {
  EXPECT_EQ(own("default").workload.num_sequences, 5);
  EXPECT_EQ(own("full").workload.num_sequences, 100);
}

TEST_F(OptionsOf, WhatTheUserGaveStands) {
  assign(table_.row("num-sequences"), "3");
  assign(table_.row("repetitions"), "10");
  const LaunchOptions options = own("smoke");
  EXPECT_EQ(options.workload.num_sequences, 3);
  EXPECT_EQ(options.run.repetitions, 10) << "although it is what the option would be anyway";
}

TEST_F(OptionsOf, AFileSaysWhatItIs) {
  assign(table_.row("trace"), "requests.jsonl");
  EXPECT_EQ(own("default").workload.workload, "trace");
  EXPECT_EQ(own("default").workload.num_sequences, 0) << "all of the file's, not those of the default";
}

TEST_F(OptionsOf, ATextIsServedInPlaceOfFixedSequencesAlone) {
  assign(table_.row("text"), "prose.txt");
  EXPECT_EQ(own("default").workload.workload, "shared-prefix") << "which is what the experiment is about";
  EXPECT_EQ(own("default").workload.text, "prose.txt") << "it judges all the same";
  experiment_.defaults = {};
  EXPECT_EQ(own("default").workload.workload, "text");
  assign(table_.row("workload"), "fixed");
  EXPECT_EQ(own("default").workload.workload, "fixed");
}

TEST_F(OptionsOf, AnotherWorkloadHasItsOwnSizes) {
  assign(table_.row("workload"), "nano-vllm");
  EXPECT_EQ(own("default").workload.num_sequences, 0);
}

TEST_F(OptionsOf, SizesThatDifferAreTold) {
  EXPECT_EQ(sizes_text(common_, own("default")),
            "--repetitions 7 --workload shared-prefix --num-sequences 5");
  EXPECT_EQ(sizes_text(common_, common_), "");
}

}  // namespace
}  // namespace tpscale
