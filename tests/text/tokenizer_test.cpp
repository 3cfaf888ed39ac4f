#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.h"
#include "support/paths.h"
#include "text/fixture.h"

namespace tpscale {
namespace {

using Ids = std::vector<std::int32_t>;
using Json = nlohmann::json;

class Fixture : public testing::TestWithParam<const char*> {};

TEST_P(Fixture, GivesTheIdsOfTheTokenizersLibrary) {
  const Tokenizer tokenizer(tokenizer_fixture(GetParam(), "tokenizer.json"), GetParam());
  const Json rows = Json::parse(tokenizer_fixture(GetParam(), "expected.json"));
  ASSERT_GT(rows.size(), 30u);
  for (const Json& row : rows) {
    const auto text = row["text"].get<std::string>();
    EXPECT_EQ(tokenizer.encode(text, false), row["ids"].get<Ids>()) << row["text"];
    EXPECT_EQ(tokenizer.encode(text), row["ids_with_special"].get<Ids>()) << row["text"];
    EXPECT_EQ(tokenizer.decode(row["ids"].get<Ids>()), row["decoded"].get<std::string>());
  }
}

TEST_P(Fixture, PrintsAContinuationCutAtAnyToken) {
  const Tokenizer tokenizer(tokenizer_fixture(GetParam(), "tokenizer.json"), GetParam());
  const std::string text = "Hello, \xE4\xBD\xA0\xE5\xA5\xBD \xF0\x9F\x98\x80 done";
  const Ids ids = tokenizer.encode(text);
  for (std::size_t cut = 1; cut < ids.size(); ++cut) {
    const std::span<const std::int32_t> all(ids);
    const std::string rest = tokenizer.decode_after(all.first(cut), all.subspan(cut));
    EXPECT_TRUE((" " + text).ends_with(rest)) << rest;  // a blank is shown behind "<s>"
    EXPECT_THAT(rest, testing::Not(testing::HasSubstr("\xEF\xBF\xBD")));
    // what the prompt shows and the rest are the whole, but for a character that both have a part of
    const std::string shown = tokenizer.decode_bytes(all.first(cut));
    EXPECT_GE(shown.size() + rest.size(), text.size());
  }
}

TEST_P(Fixture, TakesBrokenTextForReplacementCharacters) {
  const Tokenizer tokenizer(tokenizer_fixture(GetParam(), "tokenizer.json"), GetParam());
  const std::string replacement = "\xEF\xBF\xBD";
  // lone continuation, cut off, overlong, surrogate, beyond Unicode: Python's decode(errors="replace")
  const std::pair<std::string, std::string> cases[] = {
      {"a\x80z", "a" + replacement + "z"},
      {"\xE4\xBD", replacement},
      {"\xE4\xBDz", replacement + "z"},
      {"\xC0\xAF", replacement + replacement},
      {"\xED\xA0\x80", replacement + replacement + replacement},
      {"\xF4\x90\x80\x80", replacement + replacement + replacement + replacement},
      {"\xF0\x9F\x98 \xFF", replacement + " " + replacement}};
  for (const auto& [broken, repaired] : cases)
    EXPECT_EQ(tokenizer.encode(broken), tokenizer.encode(repaired));
}

INSTANTIATE_TEST_SUITE_P(Families, Fixture, testing::ValuesIn(kTokenizers),
                         [](const auto& test) { return std::string(test.param); });

/// A long run must not cost time by its square: 300 kB would take minutes.
TEST(LongRuns, EndInEveryFamily) {
  for (const char* name : kTokenizers) {
    const Tokenizer tokenizer(tokenizer_fixture(name, "tokenizer.json"), name);
    for (const std::string_view unit :
         {" ", "x", "\n", "\xCC\x81", "\xCC\xA3\xCC\x81", "<", "1", "\xE2\x96\x81"}) {
      std::string text = "a";
      while (text.size() < 300'000) text += unit;
      const Ids ids = tokenizer.encode(text, false);
      EXPECT_GT(ids.size(), 1'000u) << name;
      EXPECT_LE(ids.size(), text.size() + 2) << name;
    }
  }
}

TEST(Embedded, AByteIsAToken) {
  const std::string path = test::source_tree() + "/bench/models/embedded/tokenizer.json";
  const Tokenizer tokenizer(file_text(path), "embedded");
  std::string text;
  for (char32_t c = 0; c < 128; ++c) text += static_cast<char>(c);
  text += "\xC3\xA9\xE4\xBD\xA0";
  Ids bytes;
  for (const char c : text) bytes.push_back(static_cast<unsigned char>(c));
  EXPECT_EQ(tokenizer.encode(text), bytes);
  EXPECT_EQ(tokenizer.decode(bytes), text);
  EXPECT_EQ(tokenizer.decode(Ids{'a', 0xC3}), "a\xEF\xBF\xBD");
  EXPECT_EQ(tokenizer.decode_bytes(Ids{'a', 0xC3}), "a\xC3");
  EXPECT_EQ(tokenizer.id_limit(), 256);
}

Ids encode(const Json& file, std::string_view text) {
  return Tokenizer(file.dump(), "t").encode(text);
}

TEST(Model, MergesLowestRankFirst) {
  Json file = small_tokenizer();
  EXPECT_EQ(encode(file, "abcab c"), (Ids{4, 3, 5, 2}));
  file["model"]["merges"] = Json::parse(R"([["a", "b"], ["ab", "c"]])");
  EXPECT_EQ(encode(file, "aabc"), (Ids{0, 4}));
}

TEST(Model, UnknownCharactersAreFusedOrNot) {
  Json file = small_tokenizer();
  EXPECT_EQ(encode(file, "xyabz"), (Ids{6, 6, 3, 6}));
  file["model"]["fuse_unk"] = true;
  EXPECT_EQ(encode(file, "xyabz"), (Ids{6, 3, 6}));
  file["model"]["unk_token"] = nullptr;
  EXPECT_EQ(encode(file, "xyabz"), (Ids{3}));
}

Json added(const char* content, Json flags) {
  flags["id"] = 10;
  flags["content"] = content;
  return Json::array({std::move(flags)});
}

TEST(AddedTokens, StripSingleWordAndLongestFirst) {
  Json file = small_tokenizer();
  file["added_tokens"] = added("[x]", {{"lstrip", true}, {"rstrip", true}});
  EXPECT_EQ(encode(file, "a  [x] b"), (Ids{0, 10, 1}));
  file["added_tokens"] = added("[x]", Json::object());
  EXPECT_EQ(encode(file, "a [x] b"), (Ids{0, 5, 10, 5, 1}));
  file["added_tokens"] = added("?b", {{"single_word", true}});
  EXPECT_EQ(encode(file, "a?b ?b ?bc"), (Ids{0, 6, 1, 5, 10, 5, 6, 1, 2}));
  file["added_tokens"] = added("[x]", Json::object());
  file["added_tokens"].push_back({{"id", 11}, {"content", "[x][x]"}});
  EXPECT_EQ(encode(file, "[x][x][x]"), (Ids{11, 10}));
}

TEST(PreTokenizers, SplitAsTheirBehaviorSays) {
  Json file = small_tokenizer();
  file["model"]["merges"] = Json::parse(R"([["a", "b"]])");
  const auto pieces = [&](const char* behavior, const char* text) {
    file["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"String", "b"}}}, {"behavior", behavior}};
    return encode(file, text);
  };
  EXPECT_EQ(pieces("Isolated", "abab"), (Ids{0, 1, 0, 1}));
  EXPECT_EQ(pieces("Removed", "abab"), (Ids{0, 0}));
  EXPECT_EQ(pieces("MergedWithPrevious", "abab"), (Ids{3, 3}));
  EXPECT_EQ(pieces("MergedWithNext", "abab"), (Ids{0, 1, 0, 1}));
  EXPECT_EQ(pieces("Contiguous", "abbab"), (Ids{0, 1, 1, 0, 1}));
  file["pre_tokenizer"] = {
      {"type", "Split"}, {"pattern", {{"Regex", "a+|b+"}}}, {"behavior", "Removed"}, {"invert", true}};
  EXPECT_EQ(encode(file, "ab cb"), (Ids{0, 1, 1}));
}

TEST(Refusals, NameTheComponentAndTheKnown) {
  const auto sentence_of = [](const Json& file) -> std::string {
    try {
      Tokenizer(file.dump(), "FILE");
    } catch (const BadDataError& error) {
      return error.what();
    }
    return "taken";
  };
  const auto changed = [&](const char* pointer, const Json& value) {
    Json file = small_tokenizer();
    file[Json::json_pointer(pointer)] = value;
    return sentence_of(file);
  };
  using testing::AllOf;
  using testing::HasSubstr;
  EXPECT_EQ(sentence_of(small_tokenizer()), "taken");
  EXPECT_THAT(changed("/model/type", "WordPiece"),
              AllOf(HasSubstr("FILE: model"), HasSubstr("WordPiece"), HasSubstr("BPE")));
  EXPECT_THAT(changed("/normalizer", {{"type", "Nmt"}}),
              AllOf(HasSubstr("normalizer"), HasSubstr("'Nmt'"), HasSubstr("NFC")));
  EXPECT_THAT(changed("/pre_tokenizer", {{"type", "Fancy"}}),
              AllOf(HasSubstr("'Fancy'"), HasSubstr("Metaspace, ")));
  EXPECT_THAT(changed("/decoder", {{"type", "CTC"}}), AllOf(HasSubstr("'CTC'"), HasSubstr("ByteFallback, ")));
  EXPECT_THAT(changed("/post_processor", {{"type", "B"}}),
              AllOf(HasSubstr("'B'"), HasSubstr("TemplateProcessing")));
  EXPECT_THAT(changed("/model/dropout", 0.5), HasSubstr("model.dropout"));
  EXPECT_THAT(changed("/model/merges", Json::array({"a z"})), HasSubstr("'az'"));
  EXPECT_THAT(changed("/model/merges", Json::array({"a b c"})), HasSubstr("merge 0"));
  EXPECT_THAT(changed("/model/vocab/new", 4), HasSubstr("to two tokens"));
  EXPECT_THAT(changed("/model/vocab/new", -1), HasSubstr("integer"));
  EXPECT_THAT(changed("/model/unk_token", "no"), HasSubstr("'no'"));
  EXPECT_THAT(changed("/model", nullptr), HasSubstr("model is missing"));
  EXPECT_THAT(changed("/added_tokens", added("a", Json::object())), HasSubstr("do not agree"));
  EXPECT_THAT(changed("/pre_tokenizer",
                      {{"type", "Split"}, {"pattern", {{"Regex", "(a"}}}, {"behavior", "Isolated"}}),
              HasSubstr("'(a' cannot be used"));
}

TEST(Refusals, ARegularExpressionThatNeverEnds) {
  Json file = small_tokenizer();
  file["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"Regex", "(a+)+$"}}}, {"behavior", "Isolated"}};
  const Tokenizer tokenizer(file.dump(), "t");
  EXPECT_THROW(tokenizer.encode(std::string(60, 'a') + "b"), BadDataError);
}

TEST(Refusals, StrictJson) {
  const auto refused = [](std::string_view text) {
    EXPECT_THROW(Tokenizer(text, "t"), BadDataError) << text;
  };
  refused("");
  refused("[]");
  refused("{\"model\": {}, \"model\": {}}");
  refused(small_tokenizer().dump() + "x");
  refused(small_tokenizer().dump() + std::string(1, '\0'));
  refused(std::string(100, '['));
}

}  // namespace
}  // namespace tpscale
