#include "bench/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "backend/backend.h"
#include "bench/commands/commands.h"
#include "bench/experiment.h"
#include "core/error.h"
#include "parallel/registry.h"

namespace tpscale {
namespace {

using Words = std::vector<std::string>;
using testing::HasSubstr;

class CommandLineTest : public testing::Test {
 protected:
  CommandLine parse(const Words& words) { return parse_command_line(words, commands_); }

  std::string file(const std::string& content) {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    const std::string path = testing::TempDir() + "/" + test->name() + ".toml";
    std::ofstream(path) << content;
    return path;
  }

  std::vector<std::unique_ptr<Command>> commands_ = make_commands();
};

std::string text_of(CommandLine& line, std::string_view option) {
  return current_text(line.table.row(option));
}

TEST_F(CommandLineTest, FindsTheCommandAndSetsItsOptions) {
  CommandLine line = parse(
      {"run", "strong-scaling", "weak-scaling", "--tp", "1,2", "--model", "tiny", "--no-pin", "-o", "x"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.command->name(), "run");
  EXPECT_EQ(text_of(line, "experiments"), "strong-scaling,weak-scaling");
  EXPECT_EQ(text_of(line, "tp"), "1,2");
  EXPECT_EQ(text_of(line, "pin"), "false");
  EXPECT_EQ(text_of(line, "output"), "x");
  EXPECT_FALSE(line.table.given("dtype"));
}

TEST_F(CommandLineTest, UnknownNamesAndWrongTypesAreUsageErrors) {
  EXPECT_THROW(parse({}), UsageError);
  EXPECT_THROW(parse({"nonsense"}), UsageError);
  EXPECT_THROW(parse({"run", "--bogus"}), UsageError);
  EXPECT_THROW(parse({"run", "--repetitions", "ten"}), UsageError);
  EXPECT_THROW(parse({"generate", "--prompt-ids", "1,b"}), UsageError);
}

TEST_F(CommandLineTest, HelpTeaches) {
  EXPECT_THAT(parse({"--help"}).text,
              testing::AllOf(HasSubstr("Exit codes"), HasSubstr("mpirun -n 4"), HasSubstr("results/")));
  const std::string help = parse({"run", "--help"}).text;
  EXPECT_THAT(help, testing::AllOf(HasSubstr("--tp"), HasSubstr("Examples"), HasSubstr("--resume")));
  EXPECT_THAT(help, testing::Not(HasSubstr("inject-bug"))) << "for tests, not for users";
  EXPECT_THAT(parse({"--version"}).text, testing::StartsWith("tpscale "));
}

TEST_F(CommandLineTest, AConfigurationFileFillsWhatTheCommandLineLeftOpen) {
  const std::string path = file(
      "tp = [1, 2, 4]\nmodel = \"tiny\"\nprefix-cache = true\n[run]\nblock-size = 32\n[evaluate]\nwindow = "
      "5\n");
  CommandLine line = parse({"run", "strong-scaling", "--model", "embedded", "--config", path});
  EXPECT_EQ(text_of(line, "tp"), "1,2,4");
  EXPECT_EQ(text_of(line, "model"), "embedded");
  EXPECT_EQ(text_of(line, "prefix-cache"), "true");
  EXPECT_EQ(text_of(line, "block-size"), "32");
  EXPECT_TRUE(line.table.given("tp"));
}

TEST_F(CommandLineTest, AConfigurationFileIsCheckedAsStrictly) {
  EXPECT_THROW(parse({"run", "--config", file("tpp = 1\n")}), UsageError);
  EXPECT_THROW(parse({"run", "--config", file("tp = \"x\"\n")}), UsageError);
  EXPECT_THROW(parse({"run", "--config", "/nonexistent.toml"}), MissingInputError);
}

TEST(Registries, AreNotEmpty) {
  EXPECT_TRUE(experiment_registry().contains("strong-scaling"));
  EXPECT_TRUE(experiment_registry().contains("weak-scaling"));
  EXPECT_TRUE(backend_registry().contains("cpu"));
  EXPECT_FALSE(communicator_registry().entries().empty());
}

}  // namespace
}  // namespace tpscale
