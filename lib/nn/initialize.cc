#include "nn/initialize.h"

#include <cmath>
#include <string_view>
#include <utility>

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

Initializer parse_initializer(const std::string& text, const std::string& place, ErrorKind error) {
  using Kind = Initializer::Kind;
  constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"he", Kind::kHe}, {"xavier", Kind::kXavier}, {"uniform", Kind::kUniform}, {"gaussian", Kind::kGaussian}};
  const size_t colon = text.find(':');
  const bool has_factor = colon != std::string::npos;
  for (const auto& [name, kind] : kKinds) {
    if (text.substr(0, colon) != name || (kind == Kind::kGaussian && !has_factor)) continue;
    const auto factor = has_factor ? parse_double(std::string_view(text).substr(colon + 1)) : 1.0;
    if (factor && *factor >= 0 && *factor <= 100) return {kind, *factor};
  }
  fail(
      error,
      "{}: expected he | xavier | uniform, each with :FACTOR or without, or gaussian:STD; FACTOR and STD 0..100, found "
      "'{}'",
      place, printable(text));
}

void initialize_weight(Tensor& weight, const Initializer& initializer, int64_t fan_in, int64_t fan_out, uint64_t seed,
                       const std::string& key) {
  Rng rng(seed, RngPurpose::kInit, 0, name_key(key));
  const double in = static_cast<double>(fan_in), out = static_cast<double>(fan_out);
  const double bound = initializer.factor / std::sqrt(in);
  double deviation = initializer.factor;
  if (initializer.kind == Initializer::Kind::kHe) deviation *= std::sqrt(2 / in);
  if (initializer.kind == Initializer::Kind::kXavier) deviation *= std::sqrt(2 / (in + out));
  const bool uniform = initializer.kind == Initializer::Kind::kUniform;
  const auto draw = [&] { return uniform ? rng.uniform(-bound, bound) : deviation * rng.normal(); };
  // Drawn in double for both types: an f64 network starts from the same numbers as its f32 twin, up to rounding.
  if (weight.dtype() == DType::kF32)
    fill_with<float>(weight, draw);
  else
    fill_with<double>(weight, draw);
}

}  // namespace fovea::nn
