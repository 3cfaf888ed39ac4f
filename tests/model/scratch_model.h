#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tpscale::test {

/// A model folder of a test, removed at its end.
class ScratchModel {
 public:
  ScratchModel();
  /// A copy of tests/fixtures/NAME.
  explicit ScratchModel(const std::string& fixture);
  ~ScratchModel();
  ScratchModel(const ScratchModel&) = delete;
  ScratchModel& operator=(const ScratchModel&) = delete;

  std::string path() const { return path_.string(); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string read(const std::string& name) const;
  void write(const std::string& name, std::string_view bytes) const;
  /// Replaces the one occurrence of `from` in a file by `to`; throws where there is not exactly one.
  void replace(const std::string& name, std::string_view from, std::string_view to) const;

 private:
  std::filesystem::path path_;
};

/// A safetensors file: the header's length, the header, `data_size` zero bytes.
std::string safetensors_file(std::string_view header, std::size_t data_size);

/// What `function` says when it throws an Error of the given type, empty when it does not throw.
template <class ErrorType, class Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const ErrorType& error) {
    return error.what();
  }
  return "";
}

}  // namespace tpscale::test
