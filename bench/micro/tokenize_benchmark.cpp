#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "bench/micro/families.h"
#include "bench/store/hash.h"
#include "text/tokenizer.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;

std::string file_text(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// In the order of their names: a folder lists them in one of its own, and the text would differ.
std::string sources() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(TPSCALE_SOURCE_DIR) / "src")) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::string text;
  for (const fs::path& path : paths) text += file_text(path);
  return text;
}

}  // namespace

void register_tokenizers(const Families& all) {
  const fs::path folder = fs::path(TPSCALE_SOURCE_DIR) / "tests/fixtures/tokenizers";
  for (const std::string name : {"gpt2", "neox", "llama3", "sentencepiece"}) {
    const fs::path path = folder / name / "tokenizer.json";
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    all.suite.add(
        CaseName("tokenize", name),
        [path] {
          const std::string rules = file_text(path);
          const auto tokenizer = std::make_shared<Tokenizer>(rules, path.string());
          const auto text = std::make_shared<std::string>(sources());
          Work work{rate("bytes", "B", static_cast<double>(text->size()))};
          return Prepared{[tokenizer, text] { benchmark::DoNotOptimize(tokenizer->encode(*text)); },
                          std::move(work),
                          nullptr,
                          {},
                          {},
                          hash_hex(rules + *text)};
        },
        benchmark::kMillisecond);
  }
}

}  // namespace tpscale
