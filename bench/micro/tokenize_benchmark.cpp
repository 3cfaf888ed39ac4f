#include "bench/micro/tokenize_benchmark.h"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

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

std::string sources() {
  std::string text;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(TPSCALE_SOURCE_DIR) / "src")) {
    if (entry.is_regular_file()) text += file_text(entry.path());
  }
  return text;
}

}  // namespace

void register_tokenize_benchmarks() {
  const fs::path folder = fs::path(TPSCALE_SOURCE_DIR) / "tests/fixtures/tokenizers";
  for (const std::string name : {"gpt2", "neox", "llama3", "sentencepiece"}) {
    const fs::path path = folder / name / "tokenizer.json";
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    benchmark::RegisterBenchmark(("tokenize/" + name).c_str(), [path](benchmark::State& state) {
      const Tokenizer tokenizer(file_text(path), path.string());
      const std::string text = sources();
      for (auto _ : state) benchmark::DoNotOptimize(tokenizer.encode(text));
      state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
    });
  }
}

}  // namespace tpscale
