#include "systems/caption/model_file.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "io/json.h"

namespace fovea::caption {
namespace {

constexpr std::string_view kFirstLine = "fovea-caption-decoder 1\n";  // on disk: do not change

}  // namespace

void store_caption_model(Decoder& decoder, const ModelContext& context, io::CheckpointData& data) {
  io::Json json;
  json["decoder"] = io::parse_json(config_json(decoder.config()), "decoder");
  json["tokenizer"] = std::string(data::tokenizer_name(context.tokenizer));
  json["keep_punctuation"] = context.keep_punctuation;
  json["grid"] = std::vector<int32_t>{context.features.grid[0], context.features.grid[1]};
  json["layer"] = context.features.layer;
  json["network_hash"] = context.features.network_hash;
  data.network = std::string(kFirstLine) + io::canonical_json(json) + "\n";
  data.preprocess_json = context.features.preprocess_json;
  data.vocabulary = context.vocabulary.words();
  data.model.clear();
  for (const nn::Parameter* parameter : decoder.parameters()) {
    const auto extents = parameter->var.shape().extents();
    const auto values = parameter->var.value().span<float>();
    data.model.push_back(
        {parameter->layer, parameter->name, {extents.begin(), extents.end()}, {values.begin(), values.end()}});
  }
}

void restore_parameters(Decoder& decoder, const io::CheckpointData& data, const std::string& origin) {
  for (nn::Parameter* parameter : decoder.parameters()) {
    const auto it = std::find_if(data.model.begin(), data.model.end(), [&](const io::NamedArray& array) {
      return array.layer == parameter->layer && array.parameter == parameter->name;
    });
    const std::string place = fmt::format("{}: model/{}/{}", origin, parameter->layer, parameter->name);
    const Shape& shape = parameter->var.shape();
    if (it == data.model.end()) fail_data(place, shape.text(), "nothing");
    const Shape found{std::span<const int64_t>(it->shape)};
    if (!(found == shape)) fail_data(place, shape.text(), found.text());
    std::copy(it->values.begin(), it->values.end(), parameter->var.mutable_value().span<float>().begin());
  }
}

CaptionModel load_caption_model(const std::string& path) {
  const io::CheckpointData data = io::read_checkpoint(path, {true, false, false});
  const std::string place = path + ": model/network";
  if (!data.network.starts_with(kFirstLine)) {
    fail_data(place, "a caption decoder", "'" + printable(data.network.substr(0, 40)) + "'",
              "caption-attend train makes them");
  }
  const io::Json json = io::parse_json(std::string_view(data.network).substr(kFirstLine.size()), place);
  if (!json.is_object() || !json.contains("decoder"))
    fail_data(place, "an object with the key decoder", "something else");
  Decoder decoder(parse_config(json["decoder"].dump(), place + ": decoder"));
  ModelContext context;
  try {
    context.tokenizer = data::parse_tokenizer(io::json_text(json, "tokenizer", place));
  } catch (const Error& error) {
    fail_data(place, "a known tokenizer", error.what());
  }
  context.keep_punctuation = json.value("keep_punctuation", false);
  context.vocabulary = data::Vocabulary(data.vocabulary);
  const DecoderConfig& config = decoder.config();
  if (context.vocabulary.size() != config.vocabulary) {
    fail_data(path + ": vocabulary", fmt::format("{} words", config.vocabulary),
              std::to_string(context.vocabulary.size()));
  }
  const auto grid = json.value("grid", std::vector<int32_t>{});
  if (grid.size() != 2 || int64_t{grid[0]} * grid[1] != config.places)
    fail_data(place + ": grid", fmt::format("{} places", config.places), json.value("grid", io::Json()).dump());
  context.features.grid = {grid[0], grid[1]};
  context.features.dimension = config.annotation;
  context.features.layer = json.value("layer", "");
  context.features.network_hash = json.value("network_hash", "");
  context.features.preprocess_json = data.preprocess_json;
  restore_parameters(decoder, data, path);
  return {std::move(decoder), std::move(context), path, data.root.content_hash};
}

void check_features(const io::GridLayout& features, const CaptionModel& model, const std::string& origin) {
  const io::GridLayout& own = model.context.features;
  const auto text = [](const io::GridLayout& layout) {
    return fmt::format("{}x{} places of {} features", layout.grid[0], layout.grid[1], layout.dimension);
  };
  if (features.grid != own.grid || features.dimension != own.dimension) {
    fail_data(origin + ": features", fmt::format("{}, as {} was trained on", text(own), model.path), text(features));
  }
  if (features.layer != own.layer || features.network_hash != own.network_hash) {
    fail_data(origin + ": features",
              fmt::format("layer {} of the network {}, as {} was trained on", own.layer, own.network_hash.substr(0, 8),
                          model.path),
              fmt::format("layer {} of {}", features.layer, features.network_hash.substr(0, 8)));
  }
  if (features.preprocess_json != own.preprocess_json)
    fail_data(origin + ": preprocess", own.preprocess_json, features.preprocess_json);
}

}  // namespace fovea::caption
