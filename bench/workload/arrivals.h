#pragma once
#include <cstdint>
#include <span>

#include "engine/engine.h"

namespace tpscale {

/// Lets the requests arrive one after another, the first at 0, `rate` of them a second in the mean. The gaps
/// are drawn from a gamma distribution of shape `burstiness` and mean 1 / rate, which is how vLLM's and
/// SGLang's load generators have it: 1 is a Poisson process, below it arrivals come in bursts, above it they
/// come more evenly; the coefficient of variation is 1 / sqrt(burstiness). The gap before request i is a
/// function of `seed` and i alone, in whole nanoseconds, and the same on every machine.
void set_arrivals(std::span<Request> requests, double rate, double burstiness, std::int64_t seed);

/// Draw number `index` from the gamma distribution of `shape` > 0 and scale 1. Marsaglia and Tsang, "A Simple
/// Method for Generating Gamma Variables", ACM TOMS 26(3), 2000; normals by Marsaglia's polar method; shape 1
/// by inversion.
double gamma_draw(double shape, std::uint64_t seed, std::uint64_t index);

}  // namespace tpscale
