// Writing fovea.adversarial: pictures, their perturbed twins, and what a network said of both. It is read as an image
// set (io/images_file.h); `read_adversarial` gives the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

struct AdversarialLayout {
  int64_t height = 0, width = 0, channels = 0;
  bool targets = false;
  std::vector<std::string> label_set;  // written if not empty
  std::string attack, norm, victim_hash;
  double epsilon = 0;
};

// N pictures side by side; every vector has N entries (target: only if the layout has targets), pixels are [N,H,W,C] in
// 0..1.
struct AdversarialRows {
  std::vector<std::string> id;
  std::vector<int32_t> label, target;
  std::span<const float> original, adversarial;
  std::vector<int32_t> prediction_before, prediction_after;
  std::vector<float> confidence_before, confidence_after, linf, l2;
};

class AdversarialWriter {
 public:
  AdversarialWriter(const std::string& target, RootAttributes root, AdversarialLayout layout,
                    WriterOptions options = {});
  ~AdversarialWriter();
  AdversarialWriter(AdversarialWriter&&) noexcept;
  AdversarialWriter& operator=(AdversarialWriter&&) noexcept;

  void add(const AdversarialRows& rows);
  std::string finish();  // the content hash

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A whole file; optional parts that it lacks are empty. Bounded by max_memory(). Throws Error(kData).
struct AdversarialSet {
  AdversarialLayout layout;
  std::vector<std::string> id;
  std::vector<int32_t> label, target, prediction_before, prediction_after;
  std::vector<float> original, adversarial;  // 0..1
  std::vector<float> confidence_before, confidence_after, linf, l2;

  int64_t count() const { return static_cast<int64_t>(id.size()); }
  int64_t pixels() const { return layout.height * layout.width * layout.channels; }
};
AdversarialSet read_adversarial(const std::string& path);

}  // namespace fovea::io
