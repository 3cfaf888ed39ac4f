#include "model/scratch_model.h"

#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/paths.h"

namespace tpscale::test {

namespace fs = std::filesystem;

ScratchModel::ScratchModel() {
  std::string name = (fs::temp_directory_path() / "tpscale-model-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = fs::canonical(name);
}

ScratchModel::ScratchModel(const std::string& fixture) : ScratchModel() {
  fs::copy(fs::path(fixtures()) / fixture, path_);
}

ScratchModel::~ScratchModel() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string ScratchModel::read(const std::string& name) const {
  std::ifstream in(path_ / name, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file(name));
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

void ScratchModel::write(const std::string& name, std::string_view bytes) const {
  std::ofstream out(path_ / name, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file(name));
}

void ScratchModel::replace(const std::string& name, std::string_view from, std::string_view to) const {
  std::string text = read(name);
  const std::size_t at = text.find(from);
  if (at == std::string::npos || text.find(from, at + 1) != std::string::npos) {
    throw std::runtime_error("not exactly one '" + std::string(from) + "' in " + name);
  }
  write(name, text.replace(at, from.size(), to));
}

std::string safetensors_file(std::string_view header, std::size_t data_size) {
  std::string bytes;
  for (std::size_t i = 0, rest = header.size(); i < 8; ++i, rest >>= 8)
    bytes += static_cast<char>(rest & 0xFF);
  bytes += header;
  return bytes.append(data_size, '\0');
}

}  // namespace tpscale::test
