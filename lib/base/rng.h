// Counter-based random numbers: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
// A stream is a pure function of (seed, purpose, epoch, item), so that results depend on neither the thread count
// nor on where a run was interrupted. No std:: distributions: their output differs between libraries.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace fovea {

// What a stream is for. On disk (/training/rng counters): do not renumber.
enum class RngPurpose : uint32_t {
  kInit = 1,
  kShuffle = 2,
  kDropout = 3,
  kAugment = 4,
  kScene = 5,
  kTest = 6,
  kNoise = 7,
  kProposals = 8,
  kWindows = 9,
  kAttention = 10,
  kSampling = 11,
  kBootstrap = 12,
  kAttack = 20,     // starts of attacks: epoch = restart, item = the image
  kGenerator = 21,  // noise that a generator reads
};

// The raw block function: 4 words from a 4-word counter and a 2-word key.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

class Rng {
 public:
  Rng(uint64_t seed, RngPurpose purpose, uint64_t epoch = 0, uint64_t item = 0);

  uint32_t bits();          // uniform 32 bits
  float uniform();          // [0, 1), 24 bits
  double uniform_double();  // [0, 1), 53 bits
  double uniform(double low, double high) { return low + (high - low) * uniform_double(); }
  uint32_t below(uint32_t bound);  // uniform in [0, bound), unbiased; REQUIRES bound > 0
  double normal();                 // standard Gaussian (Box-Muller)

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0;
};

// The permutation of 0..count-1 that a given (seed, epoch) stands for (Fisher-Yates).
std::vector<int64_t> permutation(int64_t count, uint64_t seed, RngPurpose purpose, uint64_t epoch);

}  // namespace fovea
