#pragma once
#include <cuda_fp16.h>

#include <type_traits>

#include "backend/cuda/device/reduce.cuh"
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/tiled_linear/stage.cuh"

namespace tpscale::cuda::tiled {

/// Rows of x as they lie in memory.
template <class T>
struct PlainInput {
  Rows<const T> x;
  int rows;

  /// A thread's part of kLines * kLinesAtOnce rows from first_row on. A stage is loaded, and stored to shared
  /// memory by the time the next one is; what is not there becomes zeros.
  template <int kLines>
  class Reader {
   public:
    __device__ Reader(const PlainInput& input, int first_row, int vectors)
        : input_(input), first_(first_row + place_.line), vectors_(vectors) {}

    __device__ void load(int stage) {
      const int vector = stage * kStageVectors + place_.chunk;
#pragma unroll
      for (int i = 0; i < kLines; ++i) {
        const int row = first_ + i * kLinesAtOnce;
        values_[i] = Vector<T>{};
        if (vector < vectors_ && row < input_.rows) {
          values_[i] = load_vector(input_.x[row] + vector * kWidth<T>);
        }
      }
    }

    __device__ void store(T* stage_rows, int /*stage*/) {
#pragma unroll
      for (int i = 0; i < kLines; ++i) {
        const int line = place_.line + i * kLinesAtOnce;
        store_vector(stage_rows + line * kPitch<T> + place_.chunk * kWidth<T>, values_[i]);
      }
    }

    /// What each row's products are to be multiplied by.
    __device__ void store_scales(float* scales) {
#pragma unroll
      for (int i = 0; i < kLines; ++i) {
        if (place_.chunk == 0) scales[place_.line + i * kLinesAtOnce] = 1.0F;
      }
    }

   private:
    const PlainInput& input_;
    Place place_;
    int first_;
    int vectors_;
    Vector<T> values_[kLines];
  };
};

/// Rows of rms_norm(residual + added), made while they are read. Division by a row's root mean square
/// commutes with the product, so it can wait until the whole row has passed: a row is read once. In f16 that
/// could leave the range (sums of 65504 times weights above 1), so there the rows are read twice.
template <class T>
struct NormedInput {
  Rows<const T> residual;
  Rows<const T> added;
  Rows<T> new_residual;
  const float* weight;
  float epsilon;
  int rows;
  static constexpr bool kScaleFirst = std::is_same_v<T, __half>;

  template <int kLines>
  class Reader {
   public:
    __device__ Reader(const NormedInput& input, int first_row, int vectors)
        : input_(input), first_(first_row + place_.line), vectors_(vectors) {
      if constexpr (kScaleFirst) {
        for (int stage = 0; stage * kStageVectors < vectors_; ++stage) {
          load(stage);
#pragma unroll
          for (int i = 0; i < kLines; ++i) {
            if (!there_[i]) continue;
            float sums[kWidth<T>];
            add_and_square(sums, i);
          }
        }
#pragma unroll
        for (int i = 0; i < kLines; ++i) scales_[i] = scale_of(i);
      }
    }

    __device__ void load(int stage) {
      const int vector = stage * kStageVectors + place_.chunk;
      if (vector < vectors_) load_floats(gains_, input_.weight + vector * kWidth<T>);
#pragma unroll
      for (int i = 0; i < kLines; ++i) {
        const int row = first_ + i * kLinesAtOnce;
        there_[i] = vector < vectors_ && row < input_.rows;
        if (!there_[i]) continue;
        residual_[i] = load_vector(input_.residual[row] + vector * kWidth<T>);
        added_[i] = load_vector(input_.added[row] + vector * kWidth<T>);
      }
    }

    /// The blocks that share these rows take turns in writing the sums.
    __device__ void store(T* stage_rows, int stage) {
      const bool writes = stage % static_cast<int>(gridDim.y) == static_cast<int>(blockIdx.y);
      const int vector = stage * kStageVectors + place_.chunk;
#pragma unroll
      for (int i = 0; i < kLines; ++i) {
        const int line = place_.line + i * kLinesAtOnce;
        float values[kWidth<T>] = {};
        if (there_[i]) {
          add_and_square(values, i);
          if (writes)
            store_floats(input_.new_residual[first_ + i * kLinesAtOnce] + vector * kWidth<T>, values);
#pragma unroll
          for (int e = 0; e < kWidth<T>; ++e) {
            if constexpr (kScaleFirst) values[e] *= scales_[i];
            values[e] *= gains_[e];
          }
        }
        store_floats(stage_rows + line * kPitch<T> + place_.chunk * kWidth<T>, values);
      }
    }

    __device__ void store_scales(float* scales) {
#pragma unroll
      for (int i = 0; i < kLines; ++i) {
        const float scale = kScaleFirst ? 1.0F : scale_of(i);
        if (place_.chunk == 0) scales[place_.line + i * kLinesAtOnce] = scale;
      }
    }

   private:
    __device__ void add_and_square(float (&sums)[kWidth<T>], int i) {
#pragma unroll
      for (int e = 0; e < kWidth<T>; ++e) {
        sums[e] = rounded_to<T>(to_float(residual_[i].element[e]) + to_float(added_[i].element[e]));
        squares_[i] += sums[e] * sums[e];
      }
    }
    __device__ float scale_of(int i) const {
      const float total = sum_lanes(squares_[i], kStageVectors);
      return 1.0F / sqrtf(total / static_cast<float>(vectors_ * kWidth<T>) + input_.epsilon);
    }

    const NormedInput& input_;
    Place place_;
    int first_;
    int vectors_;
    bool there_[kLines];
    Vector<T> residual_[kLines];
    Vector<T> added_[kLines];
    float gains_[kWidth<T>];
    float squares_[kLines] = {};  ///< in the order of the stages, whatever the batch
    float scales_[kScaleFirst ? kLines : 1];
  };
};

}  // namespace tpscale::cuda::tiled
