// The first byte chooses the reader.
#include "data/caption_json_formats.h"
#include "data/caption_text_formats.h"
#include "data/tokenizer.h"
#include "data/wordnet.h"
#include "fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  return fovea::fuzz::run(data + 1, size - 1, [&](std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    fovea::data::CaptionCollector to;
    switch (data[0] % 8) {
      case 0:
        return fovea::data::parse_flickr_tokens(text, "x", to);
      case 1:
        return fovea::data::parse_caption_tsv(text, "x", to);
      case 2:
        return fovea::data::parse_karpathy(text, "x", {true, true}, to);
      case 3:
        return fovea::data::parse_coco_captions(text, "x", "", 5, to);
      case 4:
        fovea::data::parse_caption_results(text, "x");
        return;
      case 5:
        return fovea::data::WordNet().add_index(text, "x", 0);
      case 6:
        return fovea::data::WordNet().add_exceptions(text, "x", 0);
      default:
        for (const std::string& token : fovea::data::tokenize(text, fovea::data::TokenizerKind::kPtb, true)) {
          if (token.empty()) __builtin_trap();
        }
        fovea::data::tokenize(text, fovea::data::TokenizerKind::kKarpathy, true);
    }
  });
}
