#pragma once
#include <hdf5.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace tpscale {

/// A call of HDF5 that failed: what was tried, and HDF5's own cause. Never leaves this folder: the store
/// turns it into an Error that names the file.
class Hdf5Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// To be called before any other use of HDF5: no exit handler, no printing of error stacks.
void prepare_hdf5();
/// Throws Hdf5Error with the innermost entry of HDF5's error stack.
[[noreturn]] void throw_hdf5_error(const std::string& what);

/// Passes on what a call returned; throws Hdf5Error where it is negative.
template <class Result>
Result require_hdf5(Result result, const std::string& what) {
  if (result < 0) throw_hdf5_error(what);
  return result;
}

/// Owns one HDF5 identifier.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Handle(hid_t id, Close closer, const std::string& what) : id_(require_hdf5(id, what)), close_(closer) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(Hdf5Handle&&) = delete;
  ~Hdf5Handle() {
    if (id_ >= 0) close_(id_);
  }

  hid_t get() const noexcept { return id_; }
  /// A close that is checked: HDF5 may say only here that a write failed.
  void close() { require_hdf5(close_(std::exchange(id_, H5I_INVALID_HID)), "close"); }

 private:
  hid_t id_;
  Close close_;
};

}  // namespace tpscale
