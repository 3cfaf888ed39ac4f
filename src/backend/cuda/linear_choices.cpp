#include "backend/cuda/linear_choices.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

namespace tpscale::cuda {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "tpscale linear choices 2";
constexpr std::uintmax_t kMostBytes = std::uintmax_t{4} << 20;
constexpr std::size_t kWords = sizeof(cublasLtMatmulAlgo_t) / sizeof(std::uint64_t);
constexpr std::int64_t kMostExtent = std::int64_t{1} << 40;

constexpr std::array kUses{std::pair{"plain", LinearUse::kPlain}, std::pair{"normed", LinearUse::kNormed},
                           std::pair{"normed_silu", LinearUse::kNormedSilu}};

/// FNV-1a, 64 bits: finds accidents; a file made by an enemy is stopped by cublasLtMatmulAlgoCheck.
std::string hash_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  std::ostringstream out;
  out << std::hex << hash;
  return out.str();
}

std::string line_of(const LinearShape& shape, const LinearChoice& choice) {
  std::array<std::uint64_t, kWords> words{};
  std::memcpy(words.data(), &choice.algorithm, sizeof choice.algorithm);
  std::ostringstream out;
  out.precision(9);
  out << shape.rows << ' ' << shape.outs << ' ' << shape.ins << ' ' << to_string(shape.dtype) << ' '
      << kUses[static_cast<std::size_t>(shape.use)].first << ' ' << (choice.own_kernel ? "own" : "library")
      << ' ' << choice.seconds << ' ' << choice.other_seconds << std::hex;
  for (const std::uint64_t word : words) out << ' ' << word;
  out << '\n';
  return out.str();
}

bool read_line(const std::string& line, LinearShape& shape, LinearChoice& choice) {
  std::istringstream in(line);
  std::string dtype, use, kind;
  in >> shape.rows >> shape.outs >> shape.ins >> dtype >> use >> kind >> choice.seconds >>
      choice.other_seconds >> std::hex;
  std::array<std::uint64_t, kWords> words{};
  for (std::uint64_t& word : words) in >> word;
  std::string more;
  if (!in || (in >> more)) return false;
  std::memcpy(&choice.algorithm, words.data(), sizeof choice.algorithm);
  if (kind != "own" && kind != "library") return false;
  choice.own_kernel = kind == "own";
  bool known = false;
  for (const Dtype candidate : {Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
    if (to_string(candidate) != dtype) continue;
    shape.dtype = candidate;
    known = true;
  }
  const auto named =
      std::find_if(kUses.begin(), kUses.end(), [&](const auto& one) { return one.first == use; });
  if (named == kUses.end()) return false;
  shape.use = named->second;
  const auto sensible = [](std::int64_t extent) { return extent > 0 && extent < kMostExtent; };
  return known && sensible(shape.rows) && sensible(shape.outs) && sensible(shape.ins) &&
         std::isfinite(choice.seconds) && choice.seconds >= 0.0 && std::isfinite(choice.other_seconds);
}

struct FileContent {
  std::map<LinearShape, LinearChoice> choices;
  std::string problem;
};

FileContent damaged(const fs::path& file) {
  return {{}, file.string() + " is damaged and was not used; linear layers will be timed again (delete it)"};
}

FileContent read_file(const fs::path& file, const std::string& device) {
  std::error_code error;
  if (!fs::exists(file, error)) return {};
  if (!fs::is_regular_file(file, error) || fs::file_size(file, error) > kMostBytes || error)
    return damaged(file);
  std::ifstream in(file, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  const std::string text = all.str();
  const std::size_t end = text.rfind("end ");
  if (!in || end == std::string::npos || text.substr(end) != "end " + hash_of(text.substr(0, end)) + "\n")
    return damaged(file);
  std::istringstream lines(text.substr(0, end));
  std::string line;
  if (!std::getline(lines, line) || line != kFormat) return damaged(file);
  if (!std::getline(lines, line) || line != device) return damaged(file);
  FileContent content;
  while (std::getline(lines, line)) {
    LinearShape shape;
    LinearChoice choice;
    if (!read_line(line, shape, choice)) return damaged(file);
    content.choices[shape] = choice;
  }
  return content;
}

}  // namespace

LinearChoices::LinearChoices(fs::path folder, std::string device)
    : folder_(std::move(folder)), device_(std::move(device)) {
  if (folder_.empty()) return;
  file_ = folder_ / ("linear-" + hash_of(std::string(kFormat) + device_) + ".txt");
  FileContent content = read_file(file_, device_);
  choices_ = std::move(content.choices);
  problem_ = std::move(content.problem);
}

std::optional<LinearChoice> LinearChoices::find(const LinearShape& shape) const {
  const auto found = choices_.find(shape);
  if (found == choices_.end()) return std::nullopt;
  return found->second;
}

void LinearChoices::keep(const LinearShape& shape, const LinearChoice& choice) {
  choices_[shape] = choice;
  changed_ = true;
}

void LinearChoices::save() {
  if (!changed_ || folder_.empty()) return;
  changed_ = false;
  std::map<LinearShape, LinearChoice> merged = read_file(file_, device_).choices;
  for (const auto& [shape, choice] : choices_) merged[shape] = choice;
  std::string text = std::string(kFormat) + "\n" + device_ + "\n";
  for (const auto& [shape, choice] : merged) text += line_of(shape, choice);
  text += "end " + hash_of(text) + "\n";
  std::error_code error;
  fs::create_directories(folder_, error);
  const fs::path fresh = file_.string() + "." + std::to_string(getpid()) + ".tmp";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) fs::rename(fresh, file_, error);
  if (!out || error) {
    problem_ = "the timings of linear layers could not be kept in " + file_.string();
    fs::remove(fresh, error);
  }
}

fs::path cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return fs::path(cache) / "tpscale";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return fs::path(home) / ".cache" / "tpscale";
  return {};
}

}  // namespace tpscale::cuda
