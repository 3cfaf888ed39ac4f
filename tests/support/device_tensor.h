#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "backend/backend.h"
#include "core/counter_rng.h"
#include "core/dtype.h"
#include "core/tensor_view.h"

namespace tpscale::testing {

/// `values` as the bytes of a dtype.
inline std::vector<std::byte> encoded(const std::vector<double>& values, Dtype dtype) {
  std::vector<std::byte> bytes(values.size() * size_of(dtype));
  dispatch_dtype(dtype, [&](auto type) {
    using Element = decltype(type);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Element element(static_cast<float>(values[i]));
      std::memcpy(bytes.data() + i * sizeof element, &element, sizeof element);
    }
  });
  return bytes;
}

inline std::vector<double> decoded(const std::vector<std::byte>& bytes, Dtype dtype) {
  std::vector<double> values(bytes.size() / size_of(dtype));
  dispatch_dtype(dtype, [&](auto type) {
    using Element = decltype(type);
    for (std::size_t i = 0; i < values.size(); ++i) {
      Element element{};
      std::memcpy(&element, bytes.data() + i * sizeof element, sizeof element);
      values[i] = static_cast<double>(static_cast<float>(element));
    }
  });
  return values;
}

/// The values a tensor of this dtype really holds.
inline std::vector<double> rounded(const std::vector<double>& values, Dtype dtype) {
  return decoded(encoded(values, dtype), dtype);
}

/// Normal values, already rounded to the dtype.
inline std::vector<double> random_values(std::int64_t count, std::uint64_t seed, Dtype dtype,
                                         double scale = 1.0) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = scale * static_cast<double>(counter_normal(seed, i));
  return rounded(values, dtype);
}

/// A matrix in device memory. Rows are `stride` elements apart (0: cols); what lies between them must stay as
/// it is.
class DeviceTensor {
 public:
  DeviceTensor(Backend& backend, Dtype dtype, std::int64_t rows, std::int64_t cols, std::int64_t stride = 0)
      : backend_(backend),
        stride_(stride == 0 ? cols : stride),
        buffer_(backend.allocate(
            static_cast<std::size_t>(rows == 0 ? 0 : (rows - 1) * stride_ + cols) * size_of(dtype),
            MemoryKind::kActivations)),
        view_(buffer_.data(), dtype, rows, cols, stride_) {}
  DeviceTensor(Backend& backend, Dtype dtype, std::int64_t rows, std::int64_t cols,
               const std::vector<double>& values, std::int64_t stride = 0)
      : DeviceTensor(backend, dtype, rows, cols, stride) {
    write(values);
  }

  const TensorView& view() const { return view_; }
  operator TensorView() const { return view_; }
  operator ConstTensorView() const { return view_; }

  void write(const std::vector<double>& values) {
    const auto bytes = encoded(values, view_.dtype);
    const std::size_t row_bytes = static_cast<std::size_t>(view_.cols) * size_of(view_.dtype);
    for (std::int64_t r = 0; r < view_.rows; ++r) {
      backend_.upload(view_.rows_at(r, 1).data, bytes.data() + static_cast<std::size_t>(r) * row_bytes,
                      row_bytes);
    }
  }
  std::vector<double> read() const {
    std::vector<std::byte> bytes(view_.bytes());
    const std::size_t row_bytes = static_cast<std::size_t>(view_.cols) * size_of(view_.dtype);
    for (std::int64_t r = 0; r < view_.rows; ++r) {
      backend_.download(bytes.data() + static_cast<std::size_t>(r) * row_bytes, view_.rows_at(r, 1).data,
                        row_bytes);
    }
    return decoded(bytes, view_.dtype);
  }

 private:
  Backend& backend_;
  std::int64_t stride_;
  Buffer buffer_;
  TensorView view_;
};

/// An array of T in device memory.
template <class T>
class DeviceArray {
 public:
  DeviceArray(Backend& backend, const std::vector<T>& values)
      : backend_(backend),
        size_(values.size()),
        buffer_(backend.allocate(size_ * sizeof(T), MemoryKind::kOther)) {
    backend.upload(buffer_.data(), values.data(), size_ * sizeof(T));
  }
  T* data() const { return buffer_.template as<T>(); }
  std::vector<T> read() const {
    std::vector<T> values(size_);
    backend_.download(values.data(), buffer_.data(), size_ * sizeof(T));
    return values;
  }

 private:
  Backend& backend_;
  std::size_t size_;
  Buffer buffer_;
};

inline std::vector<float> as_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace tpscale::testing
