// model.safetensors.index.json of a folder with two shards of a tensor each ("a" and "b").
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "fuzz/fuzz_target.h"
#include "model/checkpoint_files.h"

namespace {

void write(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// In memory where there is such a place.
class Folder {
 public:
  Folder() {
    std::error_code none;
    const bool in_memory = std::filesystem::is_directory("/dev/shm", none);
    std::string name = (in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string());
    name += "/tpscale-fuzz-XXXXXX";
    tpscale::fuzz::require(::mkdtemp(name.data()) != nullptr, "no temporary folder");
    path_ = name;
    for (const char* tensor : {"a", "b"}) {
      const std::string header =
          "{\"" + std::string(tensor) + R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
      write(path_ / (std::string(tensor) + ".safetensors"),
            std::string(1, static_cast<char>(header.size())) + std::string(7, '\0') + header + "1234");
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tpscale;
  static const Folder folder;
  write(folder.path() / "model.safetensors.index.json", fuzz::text_of(data, size));
  fuzz::taken_or_refused<BadDataError>([&] {
    try {
      const CheckpointFiles files = open_checkpoint_files(folder.path().string());
      fuzz::require(!files.files.empty() && files.files.size() <= 2 && files.tensors.size() <= 2,
                    "more tensors than there are");
    } catch (const MissingInputError& error) {  // it names a shard that is not there
      throw BadDataError(error.what());
    }
  });
  return 0;
}
