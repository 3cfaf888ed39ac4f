#include "bench/cli/option_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace tpscale {
namespace {

struct Options {
  bool huge_pages = true;
  int threads = 0;
  std::int64_t block_size = 16;
  std::uint64_t seed = 7;
  double precision = 0.5;
  std::string name = "a";
  std::vector<std::int64_t> tp;
  std::vector<std::string> experiments;

  template <class Self, class Visitor>
  static void visit_fields(Self& self, Visitor&& visit) {
    visit("huge-pages", self.huge_pages, "a flag");
    visit("threads", self.threads, "a number");
    visit("block-size", self.block_size, "a number");
    visit("seed", self.seed, "a number");
    visit("precision", self.precision, "a number");
    visit("name", self.name, "a text");
    visit("tp", self.tp, "a list");
    visit("experiments", self.experiments, "names");
  }
};

class OptionTableTest : public testing::Test {
 protected:
  OptionTableTest() { table_.add("All", options_); }
  void set(std::string_view name, const std::string& text) { assign(table_.row(name), text); }

  Options options_;
  OptionTable table_;
};

TEST_F(OptionTableTest, AnOptionIsOneMemberAndOneLine) {
  EXPECT_EQ(table_.rows().size(), 8u);
  EXPECT_EQ(current_text(table_.row("block-size")), "16");
  EXPECT_EQ(table_.find("bogus"), nullptr);
}

TEST_F(OptionTableTest, AssignsEveryType) {
  set("huge-pages", "false");
  set("threads", "3");
  set("block-size", "-4");
  set("seed", "18446744073709551615");
  set("precision", "0.02");
  set("name", "1,2");
  set("tp", "1,2,4");
  set("experiments", "a,b");
  EXPECT_FALSE(options_.huge_pages);
  EXPECT_EQ(options_.threads, 3);
  EXPECT_EQ(options_.block_size, -4);
  EXPECT_EQ(options_.seed, ~std::uint64_t{0});
  EXPECT_DOUBLE_EQ(options_.precision, 0.02);
  EXPECT_EQ(options_.name, "1,2");
  EXPECT_THAT(options_.tp, testing::ElementsAre(1, 2, 4));
  EXPECT_THAT(options_.experiments, testing::ElementsAre("a", "b"));
}

TEST_F(OptionTableTest, RefusesWhatIsNotWhollyOfTheType) {
  EXPECT_THROW(set("threads", "1.5"), UsageError);
  EXPECT_THROW(set("threads", "3x"), UsageError);
  EXPECT_THROW(set("threads", ""), UsageError);
  EXPECT_THROW(set("threads", "99999999999"), UsageError);
  EXPECT_THROW(set("seed", "-1"), UsageError);
  EXPECT_THROW(set("precision", "small"), UsageError);
  EXPECT_THROW(set("tp", "1,x"), UsageError);
  EXPECT_THROW(set("tp", "1,,2"), UsageError);
  EXPECT_THROW(set("tp", ""), UsageError);
  EXPECT_THROW(set("huge-pages", "maybe"), UsageError);
  EXPECT_TRUE(options_.tp.empty()) << "a refused list must leave the member as it was";
}

TEST_F(OptionTableTest, KnowsWhatWasGiven) {
  EXPECT_FALSE(table_.given("tp"));
  set("tp", "2");
  EXPECT_TRUE(table_.given("tp"));
}

TEST_F(OptionTableTest, StoredNamesAreThoseOfTheOptionsWithUnderscores) {
  options_.tp = {1, 2};
  const Values values = to_values(options_);
  ASSERT_EQ(values.size(), 8u);
  EXPECT_EQ(values[0], (std::pair<std::string, Value>{"huge_pages", true}));
  EXPECT_EQ(values[2], (std::pair<std::string, Value>{"block_size", std::int64_t{16}}));
  EXPECT_EQ(values[6], (std::pair<std::string, Value>{"tp", std::vector<std::int64_t>{1, 2}}));
}

}  // namespace
}  // namespace tpscale
