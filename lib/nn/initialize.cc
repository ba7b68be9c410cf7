#include "nn/initialize.h"

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "base/text.h"

namespace fovea::nn {
namespace {

// FNV-1a: the item of the random stream that belongs to a name. On disk in effect (checkpoints' values): do not change.
uint64_t name_key(const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

template <typename T, typename Draw>
void fill_with(Tensor& weight, Draw draw) {
  for (T& value : weight.span<T>()) value = static_cast<T>(draw());
}

}  // namespace

Initializer parse_initializer(const std::string& text, const std::string& place) {
  if (text == "he") return {Initializer::Kind::kHe, 0};
  if (text == "xavier") return {Initializer::Kind::kXavier, 0};
  if (text == "uniform") return {Initializer::Kind::kUniform, 0};
  constexpr std::string_view kGaussian = "gaussian:";
  if (text.starts_with(kGaussian)) {
    const auto deviation = parse_double(std::string_view(text).substr(kGaussian.size()));
    if (deviation && *deviation >= 0 && *deviation <= 100) return {Initializer::Kind::kGaussian, *deviation};
  }
  fail_data(place, "he | xavier | uniform | gaussian:STD with 0 <= STD <= 100", fmt::format("'{}'", printable(text)));
}

void initialize_weight(Tensor& weight, const Initializer& initializer, int64_t fan_in, int64_t fan_out, uint64_t seed,
                       const std::string& key) {
  Rng rng(seed, RngPurpose::kInit, 0, name_key(key));
  const double in = static_cast<double>(fan_in), out = static_cast<double>(fan_out);
  const double bound = 1 / std::sqrt(in);
  double deviation = initializer.deviation;
  if (initializer.kind == Initializer::Kind::kHe) deviation = std::sqrt(2 / in);
  if (initializer.kind == Initializer::Kind::kXavier) deviation = std::sqrt(2 / (in + out));
  const bool uniform = initializer.kind == Initializer::Kind::kUniform;
  const auto draw = [&] { return uniform ? rng.uniform(-bound, bound) : deviation * rng.normal(); };
  // Drawn in double for both types: an f64 network starts from the same numbers as its f32 twin, up to rounding.
  if (weight.dtype() == DType::kF32) fill_with<float>(weight, draw);
  else fill_with<double>(weight, draw);
}

}  // namespace fovea::nn
