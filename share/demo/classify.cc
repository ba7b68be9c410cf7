// What is on a picture? A program on libfovea, which names the three likeliest classes of a bn-train checkpoint.
//   g++ -std=c++20 classify.cc $(pkg-config --cflags --libs fovea) -o classify && ./classify net.ckpt.h5 photo.jpg
#include <cstdio>

#include "base/error.h"
#include "eval/classification.h"
#include "systems/classification.h"

int main(int argc, char** argv) try {
  if (argc != 3) fovea::fail(fovea::ErrorKind::kUsage, "usage: classify MODEL PICTURE");
  fovea::train::Model model = fovea::train::load_model(argv[1]);
  const auto source = fovea::data::ImageSource::from_files({argv[2]});
  const auto probabilities =
      *fovea::class_probabilities(model.network, model.preprocess, source, {}, [] { return false; });
  const auto names = fovea::class_names(model, source, static_cast<int64_t>(probabilities.size()));
  for (const int64_t k : fovea::eval::top_classes(probabilities, 3))
    std::printf("%.3f %s\n", probabilities[static_cast<size_t>(k)], names[static_cast<size_t>(k)].c_str());
} catch (const fovea::Error& error) {
  std::fprintf(stderr, "classify: error: %s\n", error.what());
  return static_cast<int>(error.kind());
}
