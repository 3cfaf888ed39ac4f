#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/error.h"
#include "text/fixture.h"
#include "text/tokenizer.h"

namespace tpscale {
namespace {

/// What a damaged file may do: be refused in one sentence, or still be a tokenizer that ends on any text.
void try_out(const std::string& json) {
  try {
    const Tokenizer tokenizer(json, "mutant");
    const auto ids = tokenizer.encode("Hello  <s> wor\xC3\xA9ld 123\n\n\t\xE4\xBD\xA0 \xFF<|endoftext|>");
    tokenizer.decode(ids);
  } catch (const BadDataError& error) {
    const std::string sentence = error.what();
    EXPECT_TRUE(sentence.starts_with("mutant: ")) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos);
  }
}

/// Only the beginning and the end of the vocabulary and the merges: a mutant costs as much as the file is
/// long.
std::string shortened(const char* name) {
  auto file = nlohmann::json::parse(tokenizer_fixture(name, "tokenizer.json"));
  auto& model = file["model"];
  nlohmann::json merges = nlohmann::json::array();
  for (std::size_t i = 0; i < 30 && i < model["merges"].size(); ++i) merges.push_back(model["merges"][i]);
  nlohmann::json vocab = nlohmann::json::object();
  for (const auto& [token, id] : model["vocab"].items()) {
    if (id < 300) vocab[token] = id;
  }
  for (const auto& merge : merges) {
    for (const std::string& part : {merge[0].get<std::string>(), merge[1].get<std::string>(),
                                    merge[0].get<std::string>() + merge[1].get<std::string>()}) {
      vocab[part] = model["vocab"][part];
    }
  }
  model["vocab"] = vocab;
  model["merges"] = merges;
  return file.dump();
}

TEST(Mutants, AreRefusedOrWork) {
  std::mt19937_64 random(7);
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  for (const char* name : kTokenizers) {
    const std::string whole = shortened(name);
    try_out(whole);
    for (int i = 0; i < 700; ++i) {
      std::string mutant = whole;
      for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
        const std::size_t at = below(mutant.size());
        switch (below(4)) {
          case 0:
            mutant[at] = static_cast<char>(below(256));
            break;
          case 1:
            mutant.erase(at, 1 + below(20));
            break;
          case 2:
            mutant.insert(at, mutant.substr(below(mutant.size()), 1 + below(20)));
            break;
          default:
            mutant[at] = "{}[]\",:0129-+.\\*"[below(16)];
            break;
        }
      }
      try_out(mutant);
    }
    for (int i = 0; i < 50; ++i)
      EXPECT_THROW(Tokenizer(whole.substr(0, below(whole.size())), "cut"), BadDataError);
  }
}

/// Values changed within the structure: these get past the parser.
TEST(Mutants, OfValuesAreRefusedOrWork) {
  std::mt19937_64 random(8);
  const nlohmann::json values[] = {nullptr,
                                   true,
                                   0,
                                   -1,
                                   1e300,
                                   18446744073709551615U,
                                   "",
                                   "a",
                                   "\xEF\xBF\xBD",
                                   "(",
                                   "\\s+",
                                   nlohmann::json::array(),
                                   nlohmann::json::object(),
                                   std::string(2000, '('),
                                   "Regex"};
  for (const char* name : kTokenizers) {
    const nlohmann::json whole = nlohmann::json::parse(shortened(name)).flatten();
    std::vector<std::string> keys;
    for (const auto& [key, value] : whole.items()) {
      const bool bulk = key.starts_with("/model/vocab") || key.starts_with("/model/merges");
      if (!bulk || random() % 20 == 0) keys.push_back(key);
    }
    for (int i = 0; i < 400; ++i) {
      nlohmann::json mutant = whole.unflatten();
      mutant[nlohmann::json::json_pointer(keys[random() % keys.size()])] =
          values[random() % std::size(values)];
      try_out(mutant.dump());
    }
  }
}

}  // namespace
}  // namespace tpscale
