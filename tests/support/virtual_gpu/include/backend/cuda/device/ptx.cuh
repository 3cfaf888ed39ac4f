#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <source_location>

#include "support/virtual_gpu/device_code.h"

/// The host's version of src/backend/cuda/device/ptx.cuh: the same names, the instructions emulated lane by
/// lane. The layouts are those of the PTX ISA (CUDA 13.0); each function names its section.
namespace tpscale::cuda {

namespace emulated {

template <class T>
float half_of(std::uint32_t pair, int index) {
  return static_cast<float>(std::bit_cast<T>(static_cast<std::uint16_t>(pair >> (16 * index))));
}

struct MatrixLane {
  const void* row;
  std::uint32_t* result;
};

/// ldmatrix .x4: "threads 0-7, 8-15, 16-23, 24-31 give the addresses of the rows of matrices 0 to 3"; each
/// lane gets two neighbouring elements of row lane / 4, or with .trans of column lane / 4.
template <bool kTransposed>
void finish_load_matrices(void* const* lanes, unsigned /*mask*/) {
  for (int matrix = 0; matrix < 4; ++matrix) {
    std::uint16_t element[8][8];
    for (int row = 0; row < 8; ++row) {
      std::memcpy(element[row], static_cast<const MatrixLane*>(lanes[matrix * 8 + row])->row, 16);
    }
    for (int lane = 0; lane < 32; ++lane) {
      const int line = lane / 4;
      const int first = lane % 4 * 2;
      const std::uint32_t low = kTransposed ? element[first][line] : element[line][first];
      const std::uint32_t high = kTransposed ? element[first + 1][line] : element[line][first + 1];
      static_cast<const MatrixLane*>(lanes[lane])->result[matrix] = low | high << 16;
    }
  }
}

struct MultiplyLane {
  float* c;
  const std::uint32_t* a;
  std::uint32_t b[2];
};

/// mma.m16n8k16, "Matrix Fragments for mma.m16n8k16 with floating point type". With group = lane / 4 and
/// place = lane % 4, element i of a lane is
///   A: row group + 8 * (i / 2 % 2), column 2 * place + i % 2 + 8 * (i / 4);
///   B: row 2 * place + i % 2 + 8 * (i / 2), column group;
///   C: row group + 8 * (i / 2), column 2 * place + i % 2.
/// The products of 16-bit elements are exact in fp32; the order of the additions is not defined, here it is
/// that of k.
template <class T>
void finish_multiply_add(void* const* lanes, unsigned /*mask*/) {
  float a[16][16];
  float b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto& self = *static_cast<const MultiplyLane*>(lanes[lane]);
    const int group = lane / 4;
    const int place = lane % 4;
    for (int i = 0; i < 8; ++i) {
      a[group + 8 * (i / 2 % 2)][2 * place + i % 2 + 8 * (i / 4)] = half_of<T>(self.a[i / 2], i % 2);
    }
    for (int i = 0; i < 4; ++i) {
      b[2 * place + i % 2 + 8 * (i / 2)][group] = half_of<T>(self.b[i / 2], i % 2);
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    float* c = static_cast<const MultiplyLane*>(lanes[lane])->c;
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + 8 * (i / 2);
      const int column = 2 * (lane % 4) + i % 2;
      for (int k = 0; k < 16; ++k) c[i] += a[row][k] * b[k][column];
    }
  }
}

}  // namespace emulated

template <class T>
T* dynamic_shared() {
  return static_cast<T*>(virtual_gpu::dynamic_shared_memory());
}

inline void load_matrices(std::uint32_t (&matrix)[4], const void* row,
                          std::source_location place = std::source_location::current()) {
  emulated::MatrixLane lane{row, matrix};
  virtual_gpu::meet_warp(virtual_gpu::kFullMask, "ldmatrix", &lane, emulated::finish_load_matrices<false>,
                         place);
}

inline void load_matrices_transposed(std::uint32_t (&matrix)[4], const void* row,
                                     std::source_location place = std::source_location::current()) {
  emulated::MatrixLane lane{row, matrix};
  virtual_gpu::meet_warp(virtual_gpu::kFullMask, "ldmatrix.trans", &lane,
                         emulated::finish_load_matrices<true>, place);
}

template <class T>
void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b_low, std::uint32_t b_high,
                  std::source_location place = std::source_location::current()) {
  emulated::MultiplyLane lane{c, a, {b_low, b_high}};
  virtual_gpu::meet_warp(virtual_gpu::kFullMask, "mma.m16n8k16", &lane, emulated::finish_multiply_add<T>,
                         place);
}

template <class T>
T load_from_l2(const T* global) {
  return *global;
}

inline void copy_async_16(void* shared, const void* global, bool valid,
                          std::source_location place = std::source_location::current()) {
  virtual_gpu::copy_async(shared, global, 16, valid ? 16 : 0, place);
}

inline void copy_async_commit() {
  virtual_gpu::copy_async_commit();
}

template <int kGroups>
void copy_async_wait() {
  virtual_gpu::copy_async_wait(kGroups);
}

}  // namespace tpscale::cuda
