#include <gtest/gtest.h>

#include "core/dtype.h"
#include "virtual_gpu/device_array.h"
#include "virtual_gpu/matrix_kernels.h"

// The host's twin of ptx.cuh against the layouts of the PTX ISA's figures.
namespace tpscale::virtual_gpu_test {
namespace {

/// Small whole numbers, no two rows or columns alike: exact in every dtype, and so are sums of their
/// products.
float left_value(int row, int column) {
  return static_cast<float>((row * 7 + column * 3) % 11 - 5);
}
float right_value(int row, int column) {
  return static_cast<float>((row * 5 + column * 13) % 9 - 4);
}

std::uint16_t bits(float value, Dtype dtype) {
  return dtype == Dtype::kBF16 ? BFloat16(value).bits : Float16(value).bits;
}

float product(int row, int column) {
  float sum = 0.0F;
  for (int k = 0; k < 16; ++k) sum += left_value(row, k) * right_value(k, column);
  return sum;
}

TEST(VirtualMatrices, ALaneGetsTwoNeighboursOfARow) {
  std::vector<std::uint16_t> rows(32 * 8);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint16_t>(i);
  for (const bool transposed : {false, true}) {
    DeviceArray<std::uint16_t> in(rows);
    DeviceArray<std::uint32_t> out(32 * 4);
    load_matrices(out.data(), in.data(), transposed);
    const std::vector<std::uint32_t> pairs = out.get();
    for (unsigned lane = 0; lane < 32; ++lane) {
      for (unsigned matrix = 0; matrix < 4; ++matrix) {
        const unsigned line = lane / 4;
        const unsigned first = lane % 4 * 2;
        const unsigned low = matrix * 64 + (transposed ? first * 8 + line : line * 8 + first);
        const unsigned high = low + (transposed ? 8 : 1);
        EXPECT_EQ(pairs[lane * 4 + matrix], low | high << 16U)
            << "lane " << lane << ", matrix " << matrix << ", transposed " << transposed;
      }
    }
  }
}

TEST(VirtualMatrices, FragmentsOfAProductLieAsDocumented) {
  for (const Dtype dtype : {Dtype::kBF16, Dtype::kF16}) {
    std::vector<std::uint16_t> a(32 * 8);
    std::vector<std::uint16_t> b(32 * 4);
    for (int lane = 0; lane < 32; ++lane) {
      const int group = lane / 4;
      const int place = lane % 4;
      for (int i = 0; i < 8; ++i) {
        const int row = i % 4 < 2 ? group : group + 8;
        const int column = 2 * place + (i & 1) + (i < 4 ? 0 : 8);
        a[static_cast<std::size_t>(lane * 8 + i)] = bits(left_value(row, column), dtype);
      }
      for (int i = 0; i < 4; ++i) {
        b[static_cast<std::size_t>(lane * 4 + i)] =
            bits(right_value(2 * place + (i & 1) + (i < 2 ? 0 : 8), group), dtype);
      }
    }
    DeviceArray<std::uint16_t> left(a);
    DeviceArray<std::uint16_t> right(b);
    DeviceArray<float> out(std::vector<float>(32 * 4, 100.0F));
    multiply_fragments(out.data(), left.data(), right.data(), dtype);
    const std::vector<float> c = out.get();
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < 4; ++i) {
        const int row = lane / 4 + (i < 2 ? 0 : 8);
        EXPECT_EQ(c[static_cast<std::size_t>(lane * 4 + i)], 100.0F + product(row, lane % 4 * 2 + (i & 1)));
      }
    }
  }
}

TEST(VirtualMatrices, LoadsAndProductsFitTogether) {
  std::vector<std::uint16_t> a(256);
  std::vector<std::uint16_t> b(256);
  std::vector<std::uint16_t> turned(256);
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 16; ++column) {
      a[static_cast<std::size_t>(row * 16 + column)] = bits(left_value(row, column), Dtype::kBF16);
      b[static_cast<std::size_t>(row * 16 + column)] = bits(right_value(row, column), Dtype::kBF16);
      turned[static_cast<std::size_t>(column * 16 + row)] = bits(right_value(row, column), Dtype::kBF16);
    }
  }
  for (const bool transposed : {false, true}) {
    DeviceArray<std::uint16_t> left(a);
    DeviceArray<std::uint16_t> right(transposed ? turned : b);
    DeviceArray<float> out(256);
    multiply_matrices(out.data(), left.data(), right.data(), transposed);
    const std::vector<float> c = out.get();
    for (int i = 0; i < 256; ++i) EXPECT_EQ(c[static_cast<std::size_t>(i)], product(i / 16, i % 16));
  }
}

TEST(VirtualMatrices, AsyncCopiesFillWithZeros) {
  std::vector<std::uint32_t> values(64 * 4);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i + 1);
  DeviceArray<std::uint32_t> in(values);
  DeviceArray<std::uint32_t> out(values.size());
  copy_through_shared(out.data(), in.data(), 64, 40);
  const std::vector<std::uint32_t> copied = out.get();
  for (std::size_t thread = 0; thread < 64; ++thread) {
    for (std::size_t word = 0; word < 4; ++word) {
      const std::size_t from = 63 - thread;
      EXPECT_EQ(copied[thread * 4 + word], from < 40 ? values[from * 4 + word] : 0U);
    }
  }
}

}  // namespace
}  // namespace tpscale::virtual_gpu_test
