#include "backend/plugins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "backend/backend.h"

namespace tpscale::testing {
namespace {

using ::testing::HasSubstr;

class PluginsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("tpscale_plugins_" + std::to_string(getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }

  std::filesystem::path folder_;
};

TEST_F(PluginsTest, AMissingLibraryOfTheSystemIsASentence) {
  write("libx.plugin",
        "library libx.so\nbackend abacus_a\ncommunicator beads\n"
        "needs libno_such_driver.so.1 no abacus on this machine\n");
  const auto plugins = open_plugins(folder_);
  ASSERT_EQ(plugins.size(), 1U);
  EXPECT_EQ(plugins[0].problem, "no abacus on this machine (libno_such_driver.so.1 not found)");
  EXPECT_EQ(plugins[0].communicators, std::vector<std::string>{"beads"});
  EXPECT_FALSE(backend_registry().contains("abacus_a"));
  try {
    backend_registry().find("abacus_a");
    FAIL() << "a backend that is not there was found";
  } catch (const NotAvailableError& error) {
    EXPECT_STREQ(error.what(),
                 "backend 'abacus_a' is not available: no abacus on this machine "
                 "(libno_such_driver.so.1 not found)");
  }
}

TEST_F(PluginsTest, ALibraryThatIsNoneIsASentence) {
  write("a.plugin", "library liba.so\nbackend abacus_b\n");
  write("b.plugin", "library libb.so\nbackend abacus_c\n");
  write("libb.so", "this is no library");
  write("c.plugin", "backend abacus_d\n");
  write("d.plugin", "library ../liba.so\nbackend abacus_e\n");
  write("notes.txt", "library liba.so\n");
  const auto plugins = open_plugins(folder_);
  ASSERT_EQ(plugins.size(), 4U);
  EXPECT_THAT(plugins[0].problem, HasSubstr("liba.so"));
  EXPECT_THAT(plugins[1].problem, HasSubstr("libb.so"));
  EXPECT_THAT(plugins[2].problem, HasSubstr("names no library of its folder"));
  EXPECT_THAT(plugins[3].problem, HasSubstr("names no library of its folder"));
  EXPECT_EQ(backend_registry().absent().at("abacus_c"), plugins[1].problem);
}

TEST_F(PluginsTest, WhatTheProgramHoldsIsNotOpenedAgain) {
  write("cpu.plugin", "library libno.so\nbackend cpu\n");
  EXPECT_TRUE(open_plugins(folder_).empty());
  EXPECT_EQ(backend_registry().absent().count("cpu"), 0U);
}

TEST_F(PluginsTest, NoFolderHasNoPlugins) {
  EXPECT_TRUE(open_plugins(folder_ / "nowhere").empty());
}

TEST_F(PluginsTest, TheBuildsOwnPluginsOpenOrSayWhyNot) {
  for (const Plugin& plugin : open_plugins()) {
    for (const std::string& name : plugin.backends)
      EXPECT_EQ(backend_registry().contains(name), plugin.problem.empty()) << plugin.problem;
  }
}

}  // namespace
}  // namespace tpscale::testing
