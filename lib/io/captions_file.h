// fovea.captions: generated captions with the attention that each word was written under.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

// What holds for the whole file.
struct CaptionsLayout {
  std::vector<std::string> vocabulary;  // V, [0] = "<end>", [1] = "<unk>"
  std::string kind;                     // of decoder: "soft", "hard", "none", "none-init"
  int64_t beam = 1;                     // hypotheses kept; 0 = sampled
  bool length_norm = false;             // ranked by logprob per word
  std::array<int32_t, 2> grid{0, 0};    // rows, columns of the annotation grid; {0, 0} = no attention stored
  bool gate = false;                    // a value of beta per token is stored
  std::string preprocess;               // JSON as in fovea.features: where the grid lies on the picture; may be ""
  int64_t places() const { return int64_t{grid[0]} * grid[1]; }
};

struct GeneratedCaption {
  std::vector<int32_t> tokens;   // as emitted: the last is 0 (<end>) unless the length limit cut the caption
  std::string text;              // the words joined by blanks, without <end>
  double logprob = 0;            // sum over the tokens
  int32_t beam_rank = 0;         // 0 = best of its image
  std::vector<float> attention;  // tokens x places, row by row of the grid; empty if the layout has no grid
  std::vector<float> gate;       // tokens; empty unless the layout has gates
};

class CaptionsWriter {
 public:
  // `root.schema` is set to fovea.captions.
  CaptionsWriter(const std::string& target, RootAttributes root, CaptionsLayout layout, WriterOptions options = {});
  ~CaptionsWriter();
  CaptionsWriter(CaptionsWriter&&) noexcept;
  CaptionsWriter& operator=(CaptionsWriter&&) noexcept;

  // The captions of one image, best first; may be none. Throws Error(kData) for an empty or repeated id.
  // REQUIRES tokens in the vocabulary, attention and gate of the layout's extents.
  void add(const std::string& image_id, std::span<const GeneratedCaption> captions);
  int64_t images() const;
  std::string finish();  // the content hash

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Texts and tokens are held, attention is read when asked for.
class CaptionsReader {
 public:
  // Checked: ids, offsets, tokens within the vocabulary, beam ranks. Throws Error(kData).
  explicit CaptionsReader(const std::string& path);
  // The same for bytes in memory (for tests and fuzzing); `name` stands for the path in messages.
  CaptionsReader(std::vector<std::byte> image, const std::string& name);
  ~CaptionsReader();
  CaptionsReader(CaptionsReader&&) noexcept;
  CaptionsReader& operator=(CaptionsReader&&) noexcept;

  const std::string& path() const;
  const RootAttributes& attributes() const;
  const CaptionsLayout& layout() const;
  const std::vector<std::string>& image_ids() const;
  int64_t find(const std::string& image_id) const;  // -1 if absent

  // Captions are numbered through the file; those of image i are [begin(i), begin(i + 1)).
  int64_t begin(int64_t image) const;
  int64_t captions() const;
  const std::string& text(int64_t caption) const;
  double logprob(int64_t caption) const;
  int32_t beam_rank(int64_t caption) const;
  std::span<const int32_t> tokens(int64_t caption) const;
  std::span<const float> gate(int64_t caption) const;  // empty without gates
  // tokens x places, finite and >= 0. REQUIRES a layout with a grid.
  std::vector<float> attention(int64_t caption) const;
  GeneratedCaption caption(int64_t caption) const;  // all of it

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::io
