#pragma once
#include <cstddef>
#include <utility>

#include "core/memory.h"

namespace tpscale {

/// Where a Buffer's bytes come from and go back to: implemented once a backend.
class BufferSource {
 public:
  virtual ~BufferSource() = default;
  virtual void release(void* data, std::size_t bytes, MemoryKind kind) noexcept = 0;
};

/// Owns device memory. Move-only; empty after a move. Made by Backend::allocate, which outlives it.
class Buffer {
 public:
  Buffer() = default;
  Buffer(BufferSource& source, void* data, std::size_t bytes, MemoryKind kind)
      : source_(&source), data_(data), bytes_(bytes), kind_(kind) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (source_ != nullptr) source_->release(data_, bytes_, kind_);
  }

  void* data() const noexcept { return data_; }
  template <class T>
  T* as() const noexcept {
    return static_cast<T*>(data_);
  }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(source_, other.source_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(kind_, other.kind_);
  }

  BufferSource* source_ = nullptr;
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
  MemoryKind kind_ = MemoryKind::kOther;
};

}  // namespace tpscale
